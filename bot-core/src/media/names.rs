// SPDX-License-Identifier: AGPL-3.0-or-later
//! File names that a camera gave: they tell when, with what and in which order pictures were taken.
//!
//! Rule: only names that no person chose are taken away.

/// What cameras and phones put before a number or a date.
const STEMS: [&str; 14] = [
    "img",
    "dsc",
    "dscf",
    "dscn",
    "pxl",
    "vid",
    "mvi",
    "gopr",
    "pict",
    "cimg",
    "sam",
    "imag",
    "dji",
    "screenshot",
];

/// Whether a camera or phone made up this name (`IMG_2041.JPG`, `PXL_20240101_101500.jpg`).
pub fn is_by_camera(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let letters: String =
        stem.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    let rest = stem.get(letters.len()..).unwrap_or_default();
    let rest = rest.trim_start_matches(['_', '-', ' ']);
    let numbers = |text: &str| {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let others = text.chars().filter(|c| !c.is_ascii_digit());
        digits >= 3 && others.clone().count() <= 8 && others.clone().all(|c| !c.is_alphabetic())
    };
    (STEMS.contains(&letters.as_str()) || letters == "p") && numbers(rest)
}

#[cfg(test)]
mod tests {
    use super::is_by_camera;

    #[test]
    fn names_that_cameras_make_are_known() {
        for name in [
            "IMG_2041.JPG",
            "IMG-20240101-1015.jpg",
            "DSC01234.jpg",
            "DSCF0001.JPG",
            "PXL_20240101_101500123.jpg",
            "P1010023.JPG",
            "GOPR0012.jpg",
            "Screenshot_20240101-101500.png",
        ] {
            assert!(is_by_camera(name), "{name}");
        }
    }

    #[test]
    fn names_that_people_choose_stay() {
        for name in [
            "holiday.jpg",
            "img.png",
            "IMG_the_cat.jpg",
            "plan-2024.png",
            "page 3.png",
            "P.jpg",
            "screenshot of the bug.png",
            "ДСК1234.jpg",
            "",
        ] {
            assert!(!is_by_camera(name), "{name}");
        }
    }
}
