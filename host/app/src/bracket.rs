//! Field names with brackets: `tags[]=a`, `user[name]=x`, `items[0][a]=1`.
//!
//! Forms and the query style `deepObject` use this syntax. A dot in a name has no meaning.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::coercion_schema::{CoercionSchema, NodeId};
use crate::field_error::shorten;
use crate::limits::MAX_NESTING;

/// One bracketed step of a field name: `[]` or `[name]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'n> {
    /// `[]` appends an item.
    Append,
    /// `[name]` selects a member, `[0]` an item.
    Key(&'n str),
}

/// An error in a field name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BracketError {
    /// The name nests too deep.
    #[error("a field's name nests deeper than {MAX_NESTING} levels")]
    TooDeep,
    /// Two fields give one name different types.
    #[error("the field `{0}` is a single value in one place and has members or items in another")]
    Conflict(String),
    /// An index is missing below a greater one.
    #[error(
        "the field `{0}` has no item `[{1}]` but has a later one; number its items from 0 without gaps"
    )]
    Gap(String, usize),
    /// Text fields try to forge the object that describes a file.
    #[error("the field `{0}` is a file, which has no members")]
    File(String),
}

/// Splits a name into its base and its steps. A name with unbalanced brackets is a plain
/// name.
pub(crate) fn parse_name(name: &str) -> Result<(&str, Vec<Step<'_>>), BracketError> {
    let Some(at) = name.find('[').filter(|at| *at > 0) else {
        return Ok((name, Vec::new()));
    };
    let (base, mut rest) = name.split_at(at);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let inner = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let Some((key, after)) = inner.filter(|(key, _)| !key.contains('[')) else {
            return Ok((name, Vec::new()));
        };
        if steps.len() == MAX_NESTING {
            return Err(BracketError::TooDeep);
        }
        steps.push(if key.is_empty() {
            Step::Append
        } else {
            Step::Key(key)
        });
        rest = after;
    }
    Ok((base, steps))
}

/// The fields under one name.
#[derive(Debug)]
pub(crate) struct FieldTree<L> {
    leaves: Vec<L>,
    /// True if any leaf was written with `[]`.
    is_list: bool,
    appended: Vec<FieldTree<L>>,
    keyed: IndexMap<String, FieldTree<L>>,
}

impl<L> Default for FieldTree<L> {
    fn default() -> Self {
        Self {
            leaves: Vec::new(),
            is_list: false,
            appended: Vec::new(),
            keyed: IndexMap::new(),
        }
    }
}

impl<L> FieldTree<L> {
    /// Adds a value at the end of `steps`.
    pub(crate) fn insert(&mut self, steps: &[Step<'_>], leaf: L) {
        match steps.split_first() {
            None => self.leaves.push(leaf),
            // `a[]=1` adds a value to `a`, as repeating `a=1` does.
            Some((Step::Append, [])) => {
                self.is_list = true;
                self.leaves.push(leaf);
            }
            Some((Step::Append, rest)) => {
                let mut item = Self::default();
                item.insert(rest, leaf);
                self.appended.push(item);
            }
            Some((Step::Key(key), rest)) => match self.keyed.get_mut(*key) {
                Some(inner) => inner.insert(rest, leaf),
                None => {
                    let mut inner = Self::default();
                    inner.insert(rest, leaf);
                    self.keyed.insert((*key).to_owned(), inner);
                }
            },
        }
    }

    /// Converts the fields to JSON of the types that the schema declares. `read` converts
    /// one field.
    pub(crate) fn into_json(
        self,
        path: &str,
        id: NodeId,
        coercion: &CoercionSchema,
        read: &mut impl FnMut(L, NodeId) -> Value,
    ) -> Result<Value, BracketError> {
        let is_single = self.leaves.len() == 1 && !self.is_list && self.appended.is_empty();
        if self.keyed.is_empty() && is_single && coercion.item(id).is_none() {
            let mut leaves = self.leaves;
            let leaf = leaves.pop();
            return Ok(leaf.map_or(Value::Null, |leaf| read(leaf, id)));
        }
        let is_list = coercion.item(id).is_some();
        let is_indexed = (is_list || coercion.is_untyped(id)) && is_indexed(&self.keyed, is_list);
        if !self.keyed.is_empty() && !is_indexed {
            if !self.leaves.is_empty() || !self.appended.is_empty() {
                return Err(BracketError::Conflict(shorten(path).into_owned()));
            }
            if coercion.is_binary(id) {
                return Err(BracketError::File(shorten(path).into_owned()));
            }
            let mut members = Map::with_capacity(self.keyed.len());
            for (name, inner) in self.keyed {
                let path = format!("{path}[{name}]");
                let value = inner.into_json(&path, coercion.member(id, &name), coercion, read)?;
                members.insert(name, value);
            }
            return Ok(Value::Object(members));
        }
        // A list: indexed items by index, then the others in the order of arrival.
        let item = coercion.item(id).unwrap_or(id);
        let mut items = Vec::new();
        let mut indexed: Vec<_> = self.keyed.into_iter().collect();
        // Indexes have no leading zeros, so a shorter one is smaller.
        indexed.sort_by(|(one, _), (other, _)| (one.len(), one).cmp(&(other.len(), other)));
        for (expected, (index, inner)) in indexed.into_iter().enumerate() {
            if index.parse() != Ok(expected) {
                return Err(BracketError::Gap(shorten(path).into_owned(), expected));
            }
            items.push(inner.into_json(&format!("{path}[{index}]"), item, coercion, read)?);
        }
        items.extend(self.leaves.into_iter().map(|leaf| read(leaf, item)));
        for inner in self.appended {
            items.push(inner.into_json(&format!("{path}[]"), item, coercion, read)?);
        }
        Ok(Value::Array(items))
    }
}

/// Returns true if all keys are indexes: whole numbers without leading zeros. If the
/// schema does not declare an array, 0 must be among them.
fn is_indexed<L>(keyed: &IndexMap<String, FieldTree<L>>, is_list: bool) -> bool {
    let is_index = |key: &String| {
        let is_number = !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit());
        is_number && (key == "0" || !key.starts_with('0'))
    };
    keyed.keys().all(is_index) && (is_list || keyed.contains_key("0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coercion_schema::ROOT;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(schema: &Value, fields: &[(&str, &str)]) -> Result<Value, BracketError> {
        let coercion = CoercionSchema::of(schema);
        let mut tree = FieldTree::default();
        for (name, text) in fields {
            let (_, steps) = parse_name(name)?;
            tree.insert(&steps, *text);
        }
        let mut value = |text: &str, id| coercion.read(id, text).unwrap_or_else(|text| text);
        tree.into_json("a", ROOT, &coercion, &mut value)
    }

    fn any(fields: &[(&str, &str)]) -> Result<Value, BracketError> {
        read(&json!(true), fields)
    }

    #[test]
    fn splits() {
        assert_eq!(parse_name("a"), Ok(("a", vec![])));
        assert_eq!(parse_name("a[]"), Ok(("a", vec![Step::Append])));
        let deep = vec![Step::Key("0"), Step::Key("b.c"), Step::Append];
        assert_eq!(parse_name("a[0][b.c][]"), Ok(("a", deep)));
        for plain in [
            "[a]", "a[", "a]b", "a[b", "a[b]c", "a[b[c]]", "a[b][c", "a[[b]]",
        ] {
            assert_eq!(parse_name(plain), Ok((plain, vec![])), "{plain}");
        }
        let long = format!("a{}", "[x]".repeat(MAX_NESTING + 1));
        assert_eq!(parse_name(&long), Err(BracketError::TooDeep));
    }

    #[test]
    fn nests() {
        assert_eq!(any(&[("a", "1")]), Ok(json!("1")));
        assert_eq!(any(&[("a", "1"), ("a", "2")]), Ok(json!(["1", "2"])));
        assert_eq!(any(&[("a[]", "1")]), Ok(json!(["1"])));
        assert_eq!(any(&[("a[]", "1"), ("a", "2")]), Ok(json!(["1", "2"])));
        assert_eq!(
            any(&[("a[b]", "1"), ("a[c][d]", "2")]),
            Ok(json!({"b": "1", "c": {"d": "2"}}))
        );
        let list = [("a[1][b]", "2"), ("a[0][b]", "1")];
        assert_eq!(any(&list), Ok(json!([{"b": "1"}, {"b": "2"}])));
        let pushed = [("a[][b]", "1"), ("a[][b]", "2")];
        assert_eq!(any(&pushed), Ok(json!([{"b": "1"}, {"b": "2"}])));
        assert_eq!(any(&[("a[5]", "x")]), Ok(json!({"5": "x"})));
    }

    #[test]
    fn the_schema_decides() {
        let list = json!({"type": "array", "items": {"type": "integer"}});
        assert_eq!(read(&list, &[("a", "1")]), Ok(json!([1])));
        assert_eq!(
            read(&list, &[("a[1]", "1"), ("a[0]", "0")]),
            Ok(json!([0, 1]))
        );
        let object = json!({"type": "object", "properties": {"0": {"type": "integer"}}});
        assert_eq!(read(&object, &[("a[0]", "1")]), Ok(json!({"0": 1})));
    }

    #[test]
    fn gaps_between_indexes_are_refused() {
        let list = json!({"type": "array", "items": {"type": "integer"}});
        let gap = |at| Err(BracketError::Gap("a".to_owned(), at));
        for schema in [&list, &json!(true)] {
            assert_eq!(read(schema, &[("a[0]", "0"), ("a[2]", "1")]), gap(1));
            let far = [
                ("a[1]", "1"),
                ("a[99999999999999999999999]", "2"),
                ("a[0]", "0"),
            ];
            assert_eq!(read(schema, &far), gap(2));
        }
        assert_eq!(read(&list, &[("a[7]", "1"), ("a[2]", "0")]), gap(0));
        let nested = [("a[0][b][0]", "1"), ("a[0][b][2]", "1")];
        let inner = BracketError::Gap("a[0][b]".to_owned(), 1);
        assert_eq!(any(&nested), Err(inner));
        // `00` is not another spelling of index 0.
        let twice = [("a[0]", "1"), ("a[00]", "2")];
        assert_eq!(any(&twice), Ok(json!({"0": "1", "00": "2"})));
        // Without a schema and without 0, numbers are member names.
        let members = [("a[5]", "x"), ("a[7]", "y")];
        assert_eq!(any(&members), Ok(json!({"5": "x", "7": "y"})));
        let object = json!({"type": "object"});
        let members = [("a[0]", "x"), ("a[2]", "y")];
        assert_eq!(read(&object, &members), Ok(json!({"0": "x", "2": "y"})));
        // Errors stay small.
        let long = format!("a[{}]", "x".repeat(100_000));
        let (one, other) = (format!("{long}[0]"), format!("{long}[2]"));
        let error = any(&[(&one, "1"), (&other, "1")]).unwrap_err();
        assert!(error.to_string().len() < 2000);
    }

    #[test]
    fn contradictions_are_refused() {
        let conflict = Err(BracketError::Conflict("a".to_owned()));
        assert_eq!(any(&[("a", "1"), ("a[b]", "2")]), conflict);
        assert_eq!(any(&[("a[]", "1"), ("a[b]", "2")]), conflict);
        let inner = any(&[("a[b]", "1"), ("a[b][c]", "2")]);
        assert_eq!(inner, Err(BracketError::Conflict("a[b]".to_owned())));
        let file = json!({"type": "string", "format": "binary"});
        let forged = read(&file, &[("a[part]", "0"), ("a[size]", "9")]);
        assert_eq!(forged, Err(BracketError::File("a".to_owned())));
    }

    /// The fields that stand for a value, as a form writes them.
    fn fields(value: &Value, name: String, out: &mut Vec<(String, String)>) {
        match value {
            Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| {
                fields(item, format!("{name}[{at}]"), out);
            }),
            Value::Object(members) => members.iter().for_each(|(key, member)| {
                fields(member, format!("{name}[{key}]"), out);
            }),
            Value::String(text) => out.push((name, text.clone())),
            _ => unreachable!("forms hold text"),
        }
    }

    fn form() -> impl Strategy<Value = Value> {
        let leaf = "[a-z0-9 ]{0,4}".prop_map(Value::from);
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z.]{1,4}", inner, 1..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_what_was_written(value in form()) {
            let mut written = Vec::new();
            fields(&value, "a".to_owned(), &mut written);
            let written: Vec<_> = written.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
            prop_assert_eq!(any(&written), Ok(value));
        }

        #[test]
        fn never_panics(names in prop::collection::vec("a(\\[[\\[\\]a0-2]{0,3}\\]?){0,4}", 0..6)) {
            let fields: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
            for schema in [json!(true), json!({"type": "array", "items": {"type": "object"}}),
                json!({"type": "object", "properties": {"a": {"type": "integer"}}})] {
                let _ = read(&schema, &fields);
            }
        }
    }
}
