// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether a Lottie sticker can be drawn with bounded work. The renderer has no guards of its own:
//! a composition that contains itself overflows its stack, a star with a thousand million points
//! takes all memory, and both end the process.
//!
//! Rule: what is counted is what is drawn: a composition counts each time that it is used, a shape
//! as often as repeaters copy it.

use std::collections::HashMap;

use serde_json::Value;

use super::NotDrawn;

/// Compositions within each other; stickers of Telegram and Discord have two or three.
const MOST_NESTED: usize = 4;
/// Layers, after compositions are put in the place of their uses.
const MOST_LAYERS: usize = 1_000;
/// Shapes, after repeaters have copied them.
const MOST_SHAPES: usize = 10_000;
/// Points of paths, stars and masks, after repeaters have copied them.
const MOST_POINTS: usize = 200_000;
/// Copies that one repeater makes.
const MOST_COPIES: f64 = 64.0;
/// Corners of one star.
const MOST_CORNERS: f64 = 256.0;
/// Groups within each other.
const MOST_GROUPS: usize = 16;
/// Layers that a layer moves with, one with the other.
const MOST_PARENTS: usize = 64;
/// Pictures; ten seconds of 60 a second.
const MOST_FRAMES: f64 = 600.0;

/// How much there is to draw.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    layers: usize,
    shapes: usize,
    points: usize,
}

impl Load {
    fn with(self, other: Self) -> Result<Self, NotDrawn> {
        let sum = Self {
            layers: self.layers.saturating_add(other.layers),
            shapes: self.shapes.saturating_add(other.shapes),
            points: self.points.saturating_add(other.points),
        };
        match sum {
            Self { layers, .. } if layers > MOST_LAYERS => Err(too_much("layers")),
            Self { shapes, .. } if shapes > MOST_SHAPES => Err(too_much("shapes")),
            Self { points, .. } if points > MOST_POINTS => Err(too_much("points")),
            sum => Ok(sum),
        }
    }

    fn copied(self, times: usize) -> Result<Self, NotDrawn> {
        let Self { layers, shapes, points } = self;
        let (shapes, points) = (shapes.saturating_mul(times), points.saturating_mul(times));
        Self { layers, shapes, points }.with(Self::default())
    }
}

fn too_much(what: &str) -> NotDrawn {
    NotDrawn(format!("it has too many {what}"))
}

/// Looks at a whole sticker before it is drawn.
///
/// # Errors
/// [`NotDrawn`] when it has a cycle, or more of something than stickers have.
pub(super) fn check(sticker: &str) -> Result<(), NotDrawn> {
    let sticker: Value = serde_json::from_str(sticker).map_err(NotDrawn::because)?;
    let number = |key| sticker.get(key).and_then(Value::as_f64).unwrap_or_default();
    if number("op") - number("ip") > MOST_FRAMES {
        return Err(too_much("pictures"));
    }
    let mut assets = HashMap::new();
    for asset in list(&sticker, "assets") {
        if let Some(id) = asset.get("id").and_then(Value::as_str) {
            assets.insert(id, asset);
        }
        if asset.get("p").is_some() {
            return Err(NotDrawn("it holds pictures that are not drawn".into()));
        }
    }
    let mut compositions = Compositions { assets, known: HashMap::new() };
    compositions.layers(list(&sticker, "layers"), 0).map(drop)
}

struct Compositions<'a> {
    assets: HashMap<&'a str, &'a Value>,
    /// `None` while a composition is being looked at: whoever meets it then has found a cycle.
    known: HashMap<&'a str, Option<(Load, usize)>>,
}

impl<'a> Compositions<'a> {
    /// What these layers hold, and how many compositions are in each other there.
    fn layers(&mut self, layers: &'a [Value], depth: usize) -> Result<(Load, usize), NotDrawn> {
        parents(layers)?;
        let (mut load, mut deepest) = (Load::default(), 0);
        for layer in layers {
            load = load.with(Load { layers: 1, ..Load::default() })?;
            load = load.with(shapes(list(layer, "shapes"), 0)?)?;
            for mask in list(layer, "masksProperties") {
                load = load.with(Load { points: corners(mask.get("pt")), ..Load::default() })?;
            }
            if let Some(id) = layer.get("refId").and_then(Value::as_str) {
                let (inner, nested) = self.composition(id, depth + 1)?;
                load = load.with(inner)?;
                deepest = deepest.max(nested + 1);
            }
            if depth + deepest > MOST_NESTED {
                return Err(too_much("compositions within each other"));
            }
        }
        Ok((load, deepest))
    }

    fn composition(&mut self, id: &str, depth: usize) -> Result<(Load, usize), NotDrawn> {
        let Some((id, asset)) = self.assets.get_key_value(id).map(|(id, asset)| (*id, *asset))
        else {
            return Ok((Load::default(), 0));
        };
        match self.known.get(id) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => return Err(NotDrawn("a composition contains itself".into())),
            None => {}
        }
        if depth > MOST_NESTED {
            return Err(too_much("compositions within each other"));
        }
        self.known.insert(id, None);
        let found = self.layers(list(asset, "layers"), depth)?;
        self.known.insert(id, Some(found));
        Ok(found)
    }
}

/// A layer moves with its parent, and that with its own: no cycle, and not too many.
fn parents(layers: &[Value]) -> Result<(), NotDrawn> {
    let index = |layer: &Value, key| layer.get(key).and_then(Value::as_i64);
    let parent: HashMap<i64, i64> = layers
        .iter()
        .filter_map(|layer| Some((index(layer, "ind")?, index(layer, "parent")?)))
        .collect();
    for start in parent.keys() {
        let mut at = start;
        let mut steps = 0;
        while let Some(next) = parent.get(at) {
            at = next;
            steps += 1;
            if steps > MOST_PARENTS {
                return Err(too_much("layers that move with each other"));
            }
        }
    }
    Ok(())
}

fn shapes(items: &[Value], depth: usize) -> Result<Load, NotDrawn> {
    if depth > MOST_GROUPS {
        return Err(too_much("groups within each other"));
    }
    let mut load = Load::default();
    for item in items {
        match item.get("ty").and_then(Value::as_str).unwrap_or_default() {
            "gr" => load = load.with(shapes(list(item, "it"), depth + 1)?)?,
            // A repeater copies what stands before it.
            "rp" => load = load.copied(whole(item.get("c"), MOST_COPIES, "copies")?)?,
            "sr" => {
                let points = whole(item.get("pt"), MOST_CORNERS, "corners")?.saturating_mul(2);
                load = load.with(Load { shapes: 1, points, layers: 0 })?;
            }
            _ => {
                let points = corners(item.get("ks"));
                load = load.with(Load { shapes: 1, points, layers: 0 })?;
            }
        }
    }
    Ok(load)
}

/// The largest number in a value that may be animated, rounded up; at least 1.
fn whole(value: Option<&Value>, most: f64, what: &str) -> Result<usize, NotDrawn> {
    let largest = value.map_or(0.0, |value| largest(value.get("k").unwrap_or(value)));
    if largest > most {
        return Err(too_much(what));
    }
    // At most `most`.
    Ok(format!("{:.0}", largest.ceil().max(1.0)).parse().unwrap_or(1))
}

/// Keyframes hold times beside values; those count, too, if only by their values `s` and `e`.
fn largest(value: &Value) -> f64 {
    match value {
        Value::Number(number) => number.as_f64().unwrap_or(f64::INFINITY).abs(),
        Value::Array(values) => values.iter().map(largest).fold(0.0, f64::max),
        Value::Object(frame) => {
            let values = ["s", "e", "k"].into_iter().filter_map(|key| frame.get(key));
            values.map(largest).fold(0.0, f64::max)
        }
        Value::Null | Value::Bool(_) | Value::String(_) => 0.0,
    }
}

/// The corners of a path, in all its keyframes.
fn corners(path: Option<&Value>) -> usize {
    match path {
        Some(Value::Array(values)) => values.iter().map(|value| corners(Some(value))).sum(),
        Some(Value::Object(path)) => {
            let own = path.get("v").and_then(Value::as_array).map_or(0, Vec::len);
            let inner = ["k", "s", "e"].into_iter().map(|key| corners(path.get(key)));
            own.saturating_add(inner.sum())
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => 0,
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(sticker: &Value) -> String {
        check(&sticker.to_string()).unwrap_err().to_string()
    }

    fn with_shapes(shapes: &Value) -> Value {
        json!({ "ip": 0, "op": 60, "layers": [{ "ty": 4, "shapes": shapes }] })
    }

    /// A chain of compositions, each of which uses the next one `times`.
    fn chain(length: usize, times: usize) -> Value {
        let uses = |id: usize| {
            (0..times).map(|_| json!({ "ty": 0, "refId": id.to_string() })).collect::<Vec<_>>()
        };
        let assets: Vec<Value> = (0..length)
            .map(|id| json!({ "id": id.to_string(), "layers": if id + 1 < length { uses(id + 1) } else { vec![json!({ "ty": 4 })] } }))
            .collect();
        json!({ "ip": 0, "op": 60, "layers": uses(0), "assets": assets })
    }

    #[test]
    fn a_sticker_like_those_of_the_platforms_is_drawn() {
        let path = json!({ "ty": "sh", "ks": { "a": 0, "k": { "v": vec![[0, 0]; 300] } } });
        let group = json!({ "ty": "gr", "it": [path, { "ty": "rp", "c": { "a": 0, "k": 12 } }, { "ty": "fl" }] });
        assert!(check(&with_shapes(&json!(vec![group; 20])).to_string()).is_ok());
        assert!(check(&chain(3, 5).to_string()).is_ok());
    }

    #[test]
    fn a_composition_that_contains_itself_is_not_drawn() {
        let own = json!({ "id": "a", "layers": [{ "ty": 0, "refId": "a" }] });
        let sticker = json!({ "layers": [{ "ty": 0, "refId": "a" }], "assets": [own] });
        assert!(refused(&sticker).contains("contains itself"));
        let to =
            |id: &str, other: &str| json!({ "id": id, "layers": [{ "ty": 0, "refId": other }] });
        let sticker = json!({ "layers": [{ "ty": 0, "refId": "a" }], "assets": [to("a", "b"), to("b", "a")] });
        assert!(refused(&sticker).contains("contains itself"));
    }

    #[test]
    fn compositions_are_nested_only_so_far() {
        assert!(refused(&chain(MOST_NESTED + 1, 1)).contains("within each other"));
    }

    #[test]
    fn compositions_count_each_time_that_they_are_used() {
        assert!(refused(&chain(4, 10)).contains("layers"));
        let layers = vec![json!({ "ty": 4 }); MOST_LAYERS + 1];
        assert!(refused(&json!({ "layers": layers })).contains("layers"));
    }

    #[test]
    fn shapes_are_bounded() {
        let shapes = vec![json!({ "ty": "rc" }); MOST_SHAPES + 1];
        assert!(refused(&with_shapes(&json!(shapes))).contains("shapes"));
    }

    #[test]
    fn points_are_bounded() {
        let path = json!({ "ty": "sh", "ks": { "k": { "v": vec![[0, 0]; MOST_POINTS + 1] } } });
        assert!(refused(&with_shapes(&json!([path]))).contains("points"));
        let mask = json!({ "pt": { "k": { "v": vec![[0, 0]; MOST_POINTS + 1] } } });
        let sticker = json!({ "layers": [{ "ty": 4, "masksProperties": [mask] }] });
        assert!(refused(&sticker).contains("points"));
    }

    #[test]
    fn corners_of_a_star_are_bounded_also_in_keyframes() {
        for corners in
            [json!({ "k": 1e9 }), json!({ "k": [{ "t": 0, "s": [5] }, { "t": 9, "s": [1e9] }] })]
        {
            let star = json!({ "ty": "sr", "pt": corners });
            assert!(refused(&with_shapes(&json!([star]))).contains("corners"));
        }
    }

    #[test]
    fn copies_of_a_repeater_are_bounded_and_multiply() {
        let repeater = |copies: f64| json!({ "ty": "rp", "c": { "a": 0, "k": copies } });
        assert!(refused(&with_shapes(&json!([{ "ty": "rc" }, repeater(1e9)]))).contains("copies"));
        let nested = json!([{ "ty": "rc" }, repeater(60.0), repeater(60.0), repeater(60.0)]);
        assert!(refused(&with_shapes(&nested)).contains("shapes"));
    }

    #[test]
    fn groups_are_nested_only_so_far() {
        let group = |inner: Value| json!({ "ty": "gr", "it": [inner] });
        let deep = (0..=MOST_GROUPS).fold(json!({ "ty": "rc" }), |inner, _| group(inner));
        assert!(refused(&with_shapes(&json!([deep]))).contains("groups"));
    }

    #[test]
    fn layers_do_not_move_with_themselves() {
        let layers = json!([{ "ind": 1, "parent": 2 }, { "ind": 2, "parent": 1 }]);
        assert!(refused(&json!({ "layers": layers })).contains("move with each other"));
    }

    #[test]
    fn pictures_are_bounded() {
        assert!(refused(&json!({ "ip": 0, "op": 1e7, "layers": [] })).contains("pictures"));
    }

    #[test]
    fn files_within_the_sticker_are_not_drawn() {
        let asset = json!({ "id": "a", "p": "data:image/png;base64,AAAA", "e": 1 });
        assert!(refused(&json!({ "layers": [], "assets": [asset] })).contains("pictures that"));
    }
}
