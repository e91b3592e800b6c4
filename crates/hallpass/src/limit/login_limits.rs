//! How many passwords may be tried: from one address, for one account from there, and for one account.

use std::time::Duration;

use crate::limit::ThrottlePolicy;

/// The limits of attempts to log in. Only those that fail count; see [`crate::AttemptLimiter`].
///
/// # The numbers
///
/// | | burst | then | in a day at most |
/// |---|---|---|---|
/// | account, from one address | 10 | one per 30 s | 10 + 86,400 / 30 = 2,890 guesses |
/// | account, from everywhere | 30 | one per 10 s | 30 + 86,400 / 10 = 8,670 guesses |
/// | address | 100 | one per 1 s | 100 + 86,400 = 86,500 guesses, all accounts together |
///
/// - Ten wrong passwords in a row are more than an honest person types; whoever does waits half a minute.
/// - 8,670 guesses a day are three million a year. A password of eight letters drawn by lot is one of 26^8 =
///   2 · 10^11: a year of guessing finds it with a chance of one in 66,000. It does find those of which
///   everybody has a list, the first thousand in some three hours: refuse these by a
///   [`crate::PasswordRule`], as NIST SP 800-63B §3.1.1.2 asks for.
/// - Whoever keeps using up what an account has at their address does not take the owner's, who is elsewhere:
///   it takes four addresses to use up the account's.
/// - A hundred people behind one address may mistype at the same moment. The limit of the address is
///   against whoever tries one password on every account, which the limit of the account does not see.
///
/// NIST SP 800-63B §3.2.2 wants the account closed after 100 failures in a row, until its owner has proven who
/// they are by other means. That lets anybody close anybody's account, which the OWASP Authentication Cheat
/// Sheet ("Account Lockout") warns of, so hallpass does not. Who has to comply counts the events.
///
/// # Security
/// Nobody knows who guesses. While somebody does, from the owner's own address or from four others
/// or more, the owner of the account competes with them for the one attempt per interval. Sessions
/// go on all the while: a refresh needs no password, and passwords that are given in a session are
/// counted apart, with the two limits of the account. The limit of the address does not apply to
/// them, since they require an access token of the account.
///
/// ```
/// use std::time::Duration;
/// use hallpass::{LoginLimits, ThrottlePolicy};
///
/// let account = ThrottlePolicy::new(20, Duration::from_secs(30));
/// assert_eq!(LoginLimits::default().with_account(account).account.burst, 20);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginLimits {
    /// For one client address at the login, and once more for its registrations; of IPv6 for one network of
    /// 64 bits.
    pub address: ThrottlePolicy,
    /// For one account from one client address.
    pub account_at_address: ThrottlePolicy,
    /// For one account: one login name, or one user who gives their password in a session.
    pub account: ThrottlePolicy,
}

impl LoginLimits {
    /// Returns these limits with another one for a client address.
    #[must_use]
    pub const fn with_address(self, address: ThrottlePolicy) -> Self {
        Self { address, ..self }
    }

    /// Returns these limits with another one for an account from one client address.
    #[must_use]
    pub const fn with_account_at_address(self, account_at_address: ThrottlePolicy) -> Self {
        Self { account_at_address, ..self }
    }

    /// Returns these limits with another one for an account.
    #[must_use]
    pub const fn with_account(self, account: ThrottlePolicy) -> Self {
        Self { account, ..self }
    }
}

impl Default for LoginLimits {
    fn default() -> Self {
        Self {
            address: ThrottlePolicy { burst: 100, interval: Duration::from_secs(1) },
            account_at_address: ThrottlePolicy { burst: 10, interval: Duration::from_secs(30) },
            account: ThrottlePolicy { burst: 30, interval: Duration::from_secs(10) },
        }
    }
}
