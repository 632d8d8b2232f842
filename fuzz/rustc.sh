#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Runs rustc; crates whose ways are of interest get the marks that libFuzzer is guided by.
case " $* " in
*" --crate-name build_script"*) exec "$@" ;;
*" --crate-name bridge_"*|*" --crate-name bot_core "*|*" --crate-name html5ever "*|*/fuzz_targets/*)
    export RUSTC_BOOTSTRAP=1
    exec "$@" -C passes=sancov-module -C llvm-args=-sanitizer-coverage-level=4 \
        -C llvm-args=-sanitizer-coverage-inline-8bit-counters \
        -C llvm-args=-sanitizer-coverage-pc-table \
        -C llvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing
    ;;
*) exec "$@" ;;
esac
