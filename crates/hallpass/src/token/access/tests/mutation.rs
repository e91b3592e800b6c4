//! Tokens that are a little wrong, or unusual: in their text, their JSON, or their signature.

use crate::testing::dice::Dice;
use crate::testing::forge;
use crate::testing::forge::{ACCESS_SECRET, REFRESH_SECRET};

/// The members of a header, and what else may stand there.
const HEADER: [(&str, &str); 2] = [("typ", r#""at+jwt""#), ("alg", r#""HS256""#)];
const HEADER_NAMES: [&str; 7] = ["typ", "alg", "kid", "crit", "b64", "zip", "x"];
const HEADER_VALUES: [&str; 13] = [
    r#""at+jwt""#,
    r#""AT+JWT""#,
    r#""application/at+jwt""#,
    r#""a\u0074+jwt""#,
    r#""JWT""#,
    r#""rt+jwt""#,
    r#""HS256""#,
    r#""HS384""#,
    r#""none""#,
    r#""key-1""#,
    "null",
    "7",
    r#"["exp"]"#,
];

/// The members of a token, and what else may stand there.
const CLAIMS: [(&str, &str); 9] = [
    ("iss", r#""hallpass""#),
    ("aud", r#""hallpass""#),
    ("sub", r#""7""#),
    ("iat", "2000000000"),
    ("exp", "2000000900"),
    ("jti", r#""AAAAAAAAAAAAAAAAAAAAAA""#),
    ("sid", r#""BBBBBBBBBBBBBBBBBBBBBB""#),
    ("auth_time", "2000000000"),
    ("scope", r#""a b""#),
];
const CLAIM_NAMES: [&str; 15] = [
    "iss",
    "aud",
    "sub",
    "iat",
    "exp",
    "nbf",
    "jti",
    "sid",
    "auth_time",
    "scope",
    "tenant",
    "",
    "ISS",
    "ex",
    "a\u{e9}",
];
const CLAIM_VALUES: [&str; 45] = [
    r#""hallpass""#,
    r#""hallp\u0061ss""#,
    r#""Hallpass""#,
    r#"["hallpass"]"#,
    r#""7""#,
    r#""\u0037""#,
    r#""""#,
    r#""a b""#,
    r#"" a  b ""#,
    r#""a\u0020b""#,
    r#""a\"b""#,
    "\"caf\u{e9}\"",
    r#""caf\u00e9""#,
    r#""\ud800""#,
    r#""\ud83d\ude00""#,
    "\"tab\there\"",
    r#""00000000-0000-4000-8000-000000000000""#,
    r#""orders:read orders:write invoices:read""#,
    "0",
    "-0",
    "-1",
    "1",
    "1.0",
    "1e3",
    "1e999",
    "01",
    "1999999999",
    "2000000000",
    "2000000001",
    "2000000900",
    "2000000960",
    "2000000000.0",
    "253402300799",
    "253402300800",
    "18446744073709551615",
    "18446744073709551616",
    "null",
    "true",
    "[]",
    "{}",
    r#"{"a":1,"b":[{"a":1},null,-1.5]}"#,
    r#"{"a":1,"a":2}"#,
    r#"[{"a":{"b":1,"\u0062":2}}]"#,
    "NaN",
    "\"unended",
];

/// Mistakes that make a text no JSON, or none in UTF-8, and blanks that do not.
const SCRAPS: [&[u8]; 15] = [
    b" ",
    b"\n",
    b"\t",
    b",",
    b":",
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"\x00",
    b"\x7f",
    b"\xff",
    b"\xc3\x28",
    b"\xef\xbb\xbf",
];

/// Returns the next token: one in eight as it should be, the others not quite.
pub(super) fn next_token(dice: &mut Dice) -> String {
    let header = if dice.happens(25) { mutated_header(dice) } else { text(dice, &owned(&HEADER)) };
    let claims = if dice.happens(80) { mutated_claims(dice) } else { text(dice, &owned(&CLAIMS)) };
    let secret = if dice.happens(4) { REFRESH_SECRET } else { ACCESS_SECRET };
    let token = forge::token(header, claims, secret);
    if dice.happens(12) { mutated_text(dice, token) } else { token }
}

type Member = (String, String);

fn owned(members: &[(&str, &str)]) -> Vec<Member> {
    members.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn mutated_header(dice: &mut Dice) -> Vec<u8> {
    mutated_json(dice, owned(&HEADER), &HEADER_NAMES, &HEADER_VALUES)
}

fn mutated_claims(dice: &mut Dice) -> Vec<u8> {
    mutated_json(dice, owned(&CLAIMS), &CLAIM_NAMES, &CLAIM_VALUES)
}

fn mutated_json(
    dice: &mut Dice,
    mut members: Vec<Member>,
    names: &[&str],
    values: &[&str],
) -> Vec<u8> {
    for _ in 0..=dice.below(2) {
        mutate_members(dice, &mut members, names, values);
    }
    let mut json = text(dice, &members);
    if dice.happens(15) {
        mutate_bytes(dice, &mut json);
    }
    json
}

fn mutate_members(dice: &mut Dice, members: &mut Vec<Member>, names: &[&str], values: &[&str]) {
    let place = dice.below(members.len() + 1);
    let value = dice.pick(values).to_owned();
    match dice.below(9) {
        0 if place < members.len() => drop(members.remove(place)),
        1 if place < members.len() => members.insert(place, members[place].clone()),
        2 | 3 if place < members.len() => members[place].1 = value,
        4 if place < members.len() => members[place].0 = escaped(dice, &members[place].0),
        5 => members.insert(place, ("deep".to_owned(), deep(100 + dice.below(40)))),
        6 => members.reverse(),
        7 => members.extend(many(dice)),
        _ => members.insert(place, (dice.pick(names).to_owned(), value)),
    }
}

/// The same name, with one character in its other spelling.
fn escaped(dice: &mut Dice, name: &str) -> String {
    let characters: Vec<_> = name.chars().collect();
    let place = dice.below(characters.len() + 1);
    let spell = |(index, character): (usize, &char)| match index == place {
        true => format!("\\u{:04x}", *character as u32),
        false => character.to_string(),
    };
    characters.iter().enumerate().map(spell).collect()
}

/// So many that they are told apart in another way than a few, and maybe one of them twice.
fn many(dice: &mut Dice) -> Vec<Member> {
    let number = 6 + dice.below(12);
    let mut members: Vec<_> =
        (0..number).map(|number| (format!("m{number}"), "1".to_owned())).collect();
    if dice.happens(50) {
        let place = dice.below(number);
        members.push(members[place].clone());
    }
    members
}

fn deep(levels: usize) -> String {
    format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
}

fn text(dice: &mut Dice, members: &[Member]) -> Vec<u8> {
    let members: Vec<_> =
        members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let json = format!("{{{}}}", members.join(if dice.happens(10) { " ,\n" } else { "," }));
    json.into_bytes()
}

fn mutate_bytes(dice: &mut Dice, json: &mut Vec<u8>) {
    let place = dice.below(json.len());
    match dice.below(4) {
        0 => json.truncate(place),
        1 => json[place] ^= 1 << dice.below(8),
        2 => drop(json.remove(place)),
        _ => drop(json.splice(place..place, dice.pick(&SCRAPS).iter().copied())),
    }
}

/// The text of the token itself, after it was signed.
fn mutated_text(dice: &mut Dice, token: String) -> String {
    const CHARACTERS: &[u8] = b"ABCabc019-_.=+/ \n";
    let mut text = token.into_bytes();
    let place = dice.below(text.len());
    match dice.below(6) {
        0 => text.truncate(place),
        1 => drop(text.remove(place)),
        2 => text.insert(place, dice.pick(CHARACTERS)),
        3 => text.extend(std::iter::repeat_n(b'A', dice.below(5000))),
        4 => text.push(dice.pick(CHARACTERS)),
        _ => text[place] = dice.pick(CHARACTERS),
    }
    String::from_utf8(text).expect("it is ASCII")
}
