// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences of consent and of what people ask about their own data.
//!
//! Rule: they are a list of their own because one file would be too long; [`super::list`] puts all
//! sentences together.

macro_rules! with_consent {
    ($($listed:tt)*) => {
        with_brakes! {
            $($listed)*
            HelpOptout = "help-optout",
            HelpOptoutWhat = "help-optout-what",
            HelpOptin = "help-optin",
            HelpOptinWhere = "help-optin-where",
            HelpStop = "help-stop",
            HelpPseudonym = "help-pseudonym",
            HelpPseudonymChoice = "help-pseudonym-choice",
            SettingConsent = "setting-consent",
            SettingNames = "setting-names",
            ConsentNotice = "consent-notice",
            ConsentOptIn = "consent-opt-in",
            ConsentMore = "consent-more",
            ButtonOptIn = "button-opt-in",
            ConsentNotLinked = "consent-not-linked",
            OptedOut = "opted-out",
            OptedOutEverywhere = "opted-out-everywhere",
            OptedIn = "opted-in",
            OptedInEverywhere = "opted-in-everywhere",
            OptoutOlder = "optout-older",
            OptoutErased = "optout-erased",
            PseudonymOn = "pseudonym-on",
            PseudonymOff = "pseudonym-off",
            PseudonymIsOn = "pseudonym-is-on",
            PseudonymIsOff = "pseudonym-is-off",
            SilentPartner = "silent-partner",
            HelpMydata = "help-mydata",
            HelpMydataWhat = "help-mydata-what",
            MydataInPrivate = "mydata-in-private",
            MydataUsage = "mydata-usage",
            MydataExport = "mydata-export",
            MydataEraseAsk = "mydata-erase-ask",
            MydataEraseAskMatrix = "mydata-erase-ask-matrix",
            MydataErasing = "mydata-erasing",
            MydataErasingMatrix = "mydata-erasing-matrix",
            PrivacyStores = "privacy-stores",
            PrivacyStays = "privacy-stays",
            PrivacyNumber = "privacy-number",
            PrivacyWho = "privacy-who",
            PrivacyRights = "privacy-rights",
        }
    };
}
