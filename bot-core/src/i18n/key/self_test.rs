// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences about self-tests.
//!
//! Rule: [`super::list`] puts all sentences together.

macro_rules! with_self_tests {
    ($($listed:tt)*) => {
        with_policy! {
            $($listed)*
            HelpSelftest = "help-selftest",
            SelfTestBegun = "self-test-begun",
            SelfTestOnlyAdmins = "self-test-only-admins",
            SelfTestName = "self-test-name",
            SelfTestMessage = "self-test-message",
            SelfTestPassed = "self-test-passed",
            SelfTestFailed = "self-test-failed",
            SelfTestDone = "self-test-done",
            SelfTestRight = "self-test-right",
            SelfTestNot = "self-test-not",
            SelfTestSilent = "self-test-silent",
            SelfTestHalted = "self-test-halted",
            SelfTestBan = "self-test-ban",
            SelfTestMute = "self-test-mute",
            SelfTestDelete = "self-test-delete",
            GateSelfTestNone = "gate-self-test-none",
            GateSelfTestOld = "gate-self-test-old",
            GateSelfTestFailed = "gate-self-test-failed",
            DeedSelfTestBegun = "deed-self-test-begun",
            DeedSelfTestPassed = "deed-self-test-passed",
            DeedSelfTestFailed = "deed-self-test-failed",
            ReasonNotSo = "reason-not-so",
            ReasonNoRoleAbove = "reason-no-role-above",
        }
    };
}
