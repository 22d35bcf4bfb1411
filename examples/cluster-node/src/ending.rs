//! Being told to end: SIGTERM or SIGINT, Ctrl-C elsewhere.

/// Hears a signal from [`Ending::listen`] on, also one that comes while nobody waits for it.
pub(crate) struct Ending {
    #[cfg(unix)]
    signals: Option<[tokio::signal::unix::Signal; 2]>,
}

#[cfg(unix)]
impl Ending {
    /// Where a signal cannot be listened for, it ends the process by itself.
    pub(crate) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = signal(SignalKind::terminate());
        let interrupt = signal(SignalKind::interrupt());
        Self { signals: terminate.ok().zip(interrupt.ok()).map(Into::into) }
    }

    /// Waits for a signal.
    pub(crate) async fn told(&mut self) {
        let Some([terminate, interrupt]) = &mut self.signals else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Ending {
    pub(crate) fn listen() -> Self {
        Self {}
    }

    /// Waits for Ctrl-C.
    pub(crate) async fn told(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_signal_that_comes_while_nobody_waits_is_not_lost() {
        let mut ending = Ending::listen();
        let kill = format!("kill -TERM {}", std::process::id());
        let sent = std::process::Command::new("sh").arg("-c").arg(kill).status();
        assert!(sent.is_ok_and(|status| status.success()));
        ending.told().await;
    }
}
