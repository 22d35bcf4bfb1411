-- Machines without network: how long a plan lets them run, and by whose word their seats come back.

ALTER TABLE plans
    ADD COLUMN offline_s bigint;
ALTER TABLE activations
    ADD COLUMN carried text;
