// SPDX-License-Identifier: AGPL-3.0-or-later
//! How entities may lie in one another.
//!
//! Rule: `pre` and `code` hold nothing and lie in nothing but a quote, quotes do not
//! nest, links and mentions do not overlap each other; styles are cut where they would
//! cross another entity. Source: <https://core.telegram.org/bots/api#formatting-options>.

use super::text::Entity;

const STYLES: [&str; 5] = ["bold", "italic", "underline", "strikethrough", "spoiler"];

fn is_style(entity: &Entity) -> bool {
    STYLES.contains(&entity.kind.as_str())
}

fn is_code(entity: &Entity) -> bool {
    matches!(entity.kind.as_str(), "pre" | "code")
}

fn is_quote(entity: &Entity) -> bool {
    matches!(entity.kind.as_str(), "blockquote" | "expandable_blockquote")
}

pub(super) fn overlap(a: &Entity, b: &Entity) -> bool {
    a.offset < b.end() && b.offset < a.end()
}

/// Orders entities that came sorted by offset, longer first.
pub(super) fn nest(entities: Vec<Entity>) -> Vec<Entity> {
    let (styles, rest): (Vec<_>, Vec<_>) = entities.into_iter().partition(is_style);
    let (quotes, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_quote);
    let (codes, links): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_code);
    let mut fixed = apart(quotes);
    let whole = |entity: &Entity, fixed: &[Entity]| !fixed.iter().any(|f| crosses(f, entity));
    let codes: Vec<Entity> = apart(codes).into_iter().filter(|c| whole(c, &fixed)).collect();
    let links: Vec<Entity> = apart(links)
        .into_iter()
        .filter(|link| whole(link, &fixed) && !codes.iter().any(|code| overlap(code, link)))
        .collect();
    fixed.extend(codes);
    fixed.extend(links);
    let mut result = fixed.clone();
    for style in union(styles) {
        result.extend(cut(style, &fixed));
    }
    result.sort_by_key(rank);
    uncross(result)
}

/// Longer entities come first at the same place; quotes hold links, links hold styles.
fn rank(entity: &Entity) -> (usize, usize, u8) {
    let layer = if is_quote(entity) { 0 } else { 1 + u8::from(is_style(entity)) };
    (entity.offset, usize::MAX - entity.length, layer)
}

fn crosses(a: &Entity, b: &Entity) -> bool {
    overlap(a, b)
        && !(a.offset <= b.offset && b.end() <= a.end())
        && !(b.offset <= a.offset && a.end() <= b.end())
}

fn apart(entities: Vec<Entity>) -> Vec<Entity> {
    let mut kept: Vec<Entity> = Vec::new();
    for entity in entities {
        if !kept.iter().any(|other| overlap(other, &entity)) {
            kept.push(entity);
        }
    }
    kept
}

/// Stretches of one style that overlap or touch become one.
fn union(styles: Vec<Entity>) -> Vec<Entity> {
    let mut merged: Vec<Entity> = Vec::new();
    for style in styles {
        let end = style.end();
        match merged.iter_mut().find(|m| m.kind == style.kind && m.end() >= style.offset) {
            Some(same) => same.length = same.end().max(end) - same.offset,
            None => merged.push(style),
        }
    }
    merged
}

/// A style without what lies in code, and cut at the edges of what it would cross.
fn cut(style: Entity, fixed: &[Entity]) -> Vec<Entity> {
    let mut edges = vec![style.offset, style.end()];
    for other in fixed.iter().filter(|other| is_code(other) || crosses(other, &style)) {
        edges.extend(
            [other.offset, other.end()]
                .iter()
                .filter(|edge| (style.offset..style.end()).contains(*edge)),
        );
    }
    edges.sort_unstable();
    edges.dedup();
    let pieces = edges.iter().zip(edges.iter().skip(1)).map(|(from, to)| Entity {
        offset: *from,
        length: to - from,
        ..style.clone()
    });
    pieces.filter(|piece| !fixed.iter().any(|f| is_code(f) && overlap(f, piece))).collect()
}

/// Cuts styles that cross each other, so that all entities are nested.
fn uncross(entities: Vec<Entity>) -> Vec<Entity> {
    let mut result: Vec<Entity> = Vec::new();
    let mut left: std::collections::VecDeque<Entity> = entities.into();
    while let Some(mut entity) = left.pop_front() {
        let crossed = result.iter().find(|other| crosses(other, &entity)).map(Entity::end);
        if let Some(edge) = crossed.filter(|edge| is_style(&entity) && *edge > entity.offset) {
            let rest = Entity { offset: edge, length: entity.end() - edge, ..entity.clone() };
            entity.length = edge - entity.offset;
            let at = left.iter().position(|e| rank(e) > rank(&rest)).unwrap_or(left.len());
            left.insert(at, rest);
        }
        result.push(entity);
    }
    result
}
