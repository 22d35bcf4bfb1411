//! The stable error codes: one enum gives each its status, its title and what to do.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident, $code:literal, $status:literal, $title:literal, $advice:literal;)*) => {
        /// A stable error code of the API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as it stands in answers.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status it is answered with.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// A short title, the same for every occurrence.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What to do about it.
            #[must_use]
            pub fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }
    };
}

codes! {
    /// The access token is not one of this activation.
    InvalidToken, "invalid_token", 401, "The access token is not valid",
        "Activate again; the product does so by itself.";
    /// The access token is too old.
    TokenExpired, "token_expired", 401, "The access token has expired",
        "Activate again; the product does so by itself.";
    /// The licence changed since the token was made.
    StaleTokenVersion, "stale_token_version", 401, "The licence has changed since the last activation",
        "Activate again; the product does so by itself.";
    /// An older generation: a copy or a restored snapshot is running.
    StaleGeneration, "stale_generation", 401, "An older state of this installation is running",
        "Activate again; if this repeats, two copies of one installation are running: give each its own cluster id.";
    /// No credential of an operator, or one that opens nothing.
    Unauthenticated, "unauthenticated", 401, "An operator's token or session is needed",
        "Send a token that has neither expired nor been revoked as `Authorization: Bearer`, or log in.";
    /// What came is not signed by whom it claims to be from.
    BadSignature, "bad_signature", 401, "The signature is not valid",
        "Check that the provider's signing secret is the one that is configured, and that the clock is right.";
    /// Name, password, or code.
    WrongLogin, "wrong_login", 401, "Name, password or code is wrong",
        "Try again; an owner can set a new password.";
    /// The password is right and a code is needed too.
    CodeNeeded, "code_needed", 401, "A one-time code is needed",
        "Send the code that the authenticator shows now as `code`, or a recovery code.";
    /// No pull token, no licence key, or one that opens nothing.
    WrongCredentials, "wrong_credentials", 401, "The user name or password is wrong",
        "Use a pull token or the licence key as the password; the vendor makes a pull token for a licence.";
    /// A licence that does not cover what was asked for.
    NotCovered, "not_covered", 403, "The licence does not cover this",
        "Ask the vendor for a licence, a plan or maintenance that covers it.";
    /// A link that was changed, has ended, or was never good.
    BadLink, "bad_link", 403, "The link is not good",
        "Get a new link; it is good for a few minutes, for one file and one method.";
    /// The credential is good, and not for this.
    Forbidden, "forbidden", 403, "This needs another role or scope",
        "Use a token with the scope that the detail names, of an operator whose role allows it.";
    /// A session's cookie without its other half.
    CsrfMismatch, "csrf_mismatch", 403, "The request does not come from the page that logged in",
        "Send the `csrf_token` of the log-in as `X-CSRF-Token`.";
    /// Suspended by the vendor.
    Suspended, "suspended", 403, "The licence is suspended",
        "Ask the vendor to resume the licence.";
    /// Revoked by the vendor.
    Revoked, "revoked", 403, "The licence was revoked",
        "Ask the vendor why, and for a new licence.";
    /// Cancelled.
    Cancelled, "cancelled", 403, "The licence was cancelled",
        "Buy or renew the licence with the vendor.";
    /// Past its end.
    Expired, "expired", 403, "The licence has expired",
        "Renew the licence with the vendor; the new key takes effect at once.";
    /// Issued, but its start lies ahead.
    NotYetValid, "not_yet_valid", 403, "The licence is not valid yet",
        "Wait for the start date of the licence, or ask the vendor for an earlier one.";
    /// For another product.
    WrongProduct, "wrong_product", 403, "The licence is for another product",
        "Use the key that was issued for this product.";
    /// Bound to another machine.
    WrongMachine, "wrong_machine", 403, "The licence is bound to another machine",
        "Ask the vendor to transfer the licence to this machine.";
    /// No licence, and no time without one.
    LicenseNeeded, "license_needed", 403, "A licence is needed",
        "Enter a licence key, or ask the vendor for one.";
    /// A trial on a machine that had another.
    TrialUsed, "trial_used", 403, "This machine had its trial already",
        "Buy a licence, or ask the vendor for another trial.";
    /// The chain of actions did not hold, and the plan says that this ends the licence.
    ChainBroken, "chain_broken", 403, "The chain of actions is broken",
        "Ask the vendor; the licence was revoked because reported actions were missing, changed or made by a copy.";
    /// No such licence, or none that can be verified; the same answer for all.
    UnknownLicense, "unknown_license", 404, "The licence key is not known",
        "Check the key for missing characters, or ask the vendor for it again.";
    /// A link that does not count, or does not count any more.
    LinkSpent, "link_spent", 410, "This link does not count any more",
        "Ask the vendor for a new link.";
    /// Nothing lives under this path.
    NotFound, "not_found", 404, "There is nothing here",
        "Check the path against the API reference.";
    /// The path exists, the method does not.
    MethodNotAllowed, "method_not_allowed", 405, "This method is not allowed here",
        "Check the method against the API reference.";
    /// What the path names does not exist.
    NoSuchResource, "no_such_resource", 404, "There is no such thing",
        "Check the id; the list of the resource shows what there is.";
    /// Its state does not allow that.
    WrongState, "wrong_state", 409, "Its state does not allow this",
        "Look at the resource; the detail names what it is.";
    /// Somebody has that name.
    AlreadyExists, "already_exists", 409, "There is one of this name already",
        "Choose another name, or change what is there.";
    /// Somebody must be able to let others in.
    LastOwner, "last_owner", 409, "There must be an owner",
        "Make another operator an owner first.";
    /// Changed since it was read.
    PreconditionFailed, "precondition_failed", 412, "It has changed since it was read",
        "Read it again and decide anew; `If-Match` takes the `ETag` of that answer.";
    /// All seats are taken.
    NoFreeSeat, "no_free_seat", 409, "All seats of the licence are taken",
        "Stop the product on another machine, ask the vendor to release a seat, or buy more seats.";
    /// The cluster reports more nodes than the licence allows.
    TooManyNodes, "too_many_nodes", 409, "The cluster has more nodes than the licence allows",
        "Remove nodes from the cluster, or ask the vendor for a plan with more nodes.";
    /// The cluster id was taken over too often in a day.
    ClusterInUse, "cluster_in_use", 409, "Another installation uses this cluster id",
        "Give each installation its own cluster id, or wait a day.";
    /// The machine that was activated by it has given the seat back.
    RequestSpent, "request_spent", 409, "This request was answered, and its seat was given back",
        "Make a new request on the machine.";
    /// A seat of a machine without network comes back by its own word alone.
    NotTheHolder, "not_the_holder", 403, "This is not the word of the machine that holds the seat",
        "Bring the proof that the machine itself made last; an operator can release the seat.";
    /// The same request, under the same idempotency key, is not done yet.
    InProgress, "in_progress", 409, "The same request is still running",
        "Try again as `Retry-After` says.";
    /// A part of the file that it does not have.
    RangeNotSatisfiable, "range_not_satisfiable", 416, "The file has no such part",
        "Ask for a range within the size of the file.";
    /// The body is larger than allowed.
    TooLarge, "too_large", 413, "The request is too large",
        "Send at most 64 KiB, or 1 MiB in a heartbeat.";
    /// The body is not what the call expects.
    Malformed, "malformed", 422, "The request is malformed",
        "Correct the field that the detail names; this is a defect of the client.";
    /// A value that cannot be used.
    Invalid, "invalid", 422, "A value cannot be used",
        "Correct what `errors` names.";
    /// The idempotency key came before, with another request.
    IdempotencyKeyReused, "idempotency_key_reused", 422, "The idempotency key was used for another request",
        "Send a new `Idempotency-Key` with each new request, and the same only to repeat one.";
    /// Plain HTTP from an address that is not a proxy of ours.
    PlainHttp, "plain_http", 421, "Plain HTTP is not served to this address",
        "Use https; a proxy that does TLS must be named in the authority's configuration.";
    /// A change that must say what it is a change of.
    PreconditionRequired, "precondition_required", 428, "The change must say which version it changes",
        "Send the `ETag` of what was read as `If-Match`.";
    /// Too many requests.
    RateLimited, "rate_limited", 429, "Too many requests",
        "Wait as long as `Retry-After` says.";
    /// A fault of the authority.
    Internal, "internal", 500, "The authority failed",
        "Try again; the product keeps running in its grace meanwhile. The operator finds the cause in the log.";
    /// The database or the queue cannot take more now.
    Unavailable, "unavailable", 503, "The authority cannot answer now",
        "Try again as `Retry-After` says; the product keeps running in its grace meanwhile.";
}

impl Code {
    /// Whether an answer with this code can stop a product, and so must carry a signed refusal.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        matches!(self.status(), 403 | 404 | 409)
            && !matches!(self, Self::NotFound | Self::InProgress | Self::NotCovered | Self::BadLink)
            && !self.is_for_operators()
    }

    /// Whether only operators are answered with it, never a product.
    #[must_use]
    pub fn is_for_operators(self) -> bool {
        use Code::{
            AlreadyExists, BadSignature, CodeNeeded, CsrfMismatch, Forbidden, Invalid, LastOwner,
            NoSuchResource, NotTheHolder, PreconditionFailed, PreconditionRequired, RequestSpent,
            Unauthenticated, WrongLogin, WrongState,
        };
        matches!(
            self,
            Unauthenticated
                | BadSignature
                | WrongLogin
                | CodeNeeded
                | Forbidden
                | CsrfMismatch
                | NoSuchResource
                | WrongState
                | NotTheHolder
                | RequestSpent
                | AlreadyExists
                | LastOwner
                | PreconditionFailed
                | PreconditionRequired
                | Invalid
        )
    }
}
