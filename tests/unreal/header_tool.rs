//! What Unreal's header tool asks of a header with reflected types, as far as the plugin needs it, and what it writes
//! for GENERATED_BODY, as far as tests/unreal/engine needs that. The tool itself comes with the engine.

use std::collections::BTreeSet;

/// A header, read.
#[derive(Default)]
pub struct Header {
    name: String,
    types: Vec<Type>,
    delegates: Vec<Delegate>,
    /// Classes that it declares and does not define.
    forward: Vec<String>,
}

struct Type {
    kind: Kind,
    name: String,
    base: String,
    /// The line of GENERATED_BODY.
    body: usize,
    properties: Vec<Property>,
    functions: Vec<Function>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Class,
    Struct,
    Enum,
}

struct Delegate {
    name: String,
    /// Types of its parameters.
    parameters: Vec<String>,
}

struct Property {
    specifiers: Specifiers,
    kind: String,
    name: String,
    private: bool,
}

struct Function {
    specifiers: Specifiers,
    result: String,
    name: String,
    /// Their types and names.
    parameters: Vec<(String, String)>,
}

/// The words of a macro such as UPROPERTY, those of its `meta` among them.
struct Specifiers(Vec<String>);

impl Specifiers {
    fn of(words: &[Token]) -> Self {
        Self(words.iter().map(|word| word.text.clone()).collect())
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|own| own == word)
    }

    /// What follows `word =`.
    fn value(&self, word: &str) -> Option<&str> {
        let at = self.0.iter().position(|own| own == word)?;
        self.0.get(at + 1).filter(|next| *next == "=").and(self.0.get(at + 2)).map(|text| text.trim_matches('"'))
    }

    fn in_blueprints(&self) -> bool {
        self.0.iter().any(|word| word.starts_with("Blueprint") || word.starts_with("Edit"))
    }
}

/// Classes of the engine that the headers name without declaring them.
const ENGINE_CLASSES: [&str; 4] = ["UObject", "UGameInstanceSubsystem", "UBlueprintAsyncActionBase", "UActorComponent"];
/// Types that Blueprints know.
const VALUES: [&str; 9] = ["bool", "uint8", "int32", "int64", "float", "double", "FString", "FName", "FText"];

/// Reads a header; what is wrong with it by itself is an error.
pub fn read(name: &str, text: &str) -> Result<Header, String> {
    let stem = name.strip_suffix(".h").ok_or("not a header")?;
    let tokens = tokens(text);
    let mut header = Header { name: name.to_owned(), ..Header::default() };
    let mut at = 0;
    while at < tokens.len() {
        let word = tokens[at].text.as_str();
        if let Some(kind) = kind_of(word) {
            let (read, end) = read_type(&tokens, at, kind).map_err(|error| format!("{name}: {error}"))?;
            header.types.push(read);
            at = end;
        } else if word.starts_with("DECLARE_DYNAMIC_MULTICAST_DELEGATE") {
            let (words, end) = parenthesised(&tokens, at + 1);
            header.delegates.push(read_delegate(word, words).map_err(|error| format!("{name}: {error}"))?);
            at = end;
        } else if word == "class" && tokens.get(at + 2).is_some_and(|next| next.text == ";") {
            header.forward.push(tokens[at + 1].text.clone());
            at += 2;
        } else {
            at += 1;
        }
    }
    let includes: Vec<&str> = text.lines().filter(|line| line.starts_with("#include")).collect();
    let generated = format!("#include \"{stem}.generated.h\"");
    if !header.types.is_empty() && includes.last() != Some(&generated.as_str()) {
        return Err(format!("{name}: {generated} is not its last include"));
    }
    Ok(header)
}

/// What is wrong with headers of one module.
pub fn check(headers: &[Header]) -> Result<(), String> {
    let known = Known {
        classes: headers
            .iter()
            .flat_map(|header| names(header, Kind::Class).chain(header.forward.iter().map(String::as_str)))
            .chain(ENGINE_CLASSES)
            .collect(),
        values: headers
            .iter()
            .flat_map(|header| names(header, Kind::Struct).chain(names(header, Kind::Enum)))
            .chain(VALUES)
            .collect(),
        delegates: headers.iter().flat_map(|header| header.delegates.iter().map(|own| own.name.as_str())).collect(),
    };
    for header in headers {
        for Delegate { name, parameters } in &header.delegates {
            if let Some(kind) = parameters.iter().find(|kind| !known.parameter(kind)) {
                return Err(format!("{}: {name}: Blueprints do not know {kind}", header.name));
            }
        }
        for kind in &header.types {
            check_type(kind, &known).map_err(|error| format!("{}: {}: {error}", header.name, kind.name))?;
        }
    }
    Ok(())
}

/// The `.generated.h` of a header.
pub fn generate(header: &Header) -> String {
    let stem = header.name.trim_end_matches(".h");
    let mut text =
        format!("#include \"UObject/Object.h\"\n#undef CURRENT_FILE_ID\n#define CURRENT_FILE_ID FID_{stem}\n");
    for kind in header.types.iter().filter(|kind| kind.kind != Kind::Enum) {
        text += &format!("#define FID_{stem}_{}_GENERATED_BODY", kind.body);
        if kind.kind == Kind::Class {
            let functions: String =
                kind.functions.iter().map(|function| format!("Name == \"{}\" || ", function.name)).collect();
            let references: String =
                kind.properties.iter().map(|property| format!(" References({});", property.name)).collect();
            text += &format!(
                " public: using Super = {base}; using ThisClass = {name}; \
                 static bool HasFunction(const std::string& Name) {{ return {functions}Super::HasFunction(Name); }} \
                 virtual void VisitReferences(FReferences& References) const override \
                 {{ Super::VisitReferences(References);{references} }} private:",
                base = kind.base,
                name = kind.name,
            );
        }
        text += "\n";
    }
    text
}

struct Known<'a> {
    classes: BTreeSet<&'a str>,
    values: BTreeSet<&'a str>,
    delegates: BTreeSet<&'a str>,
}

impl Known<'_> {
    /// A property's type, but for delegates.
    fn property(&self, kind: &str) -> bool {
        let inner = |outer: &str| kind.strip_prefix(outer).and_then(|rest| rest.strip_suffix('>'));
        match (inner("TArray<"), inner("TObjectPtr<")) {
            (Some(element), _) => !element.starts_with("TArray") && self.property(element),
            (_, Some(class)) => self.classes.contains(class),
            _ => self.values.contains(kind),
        }
    }

    /// The type of a parameter or a result.
    fn parameter(&self, kind: &str) -> bool {
        let kind = kind.strip_prefix("const ").and_then(|kind| kind.strip_suffix('&')).unwrap_or(kind);
        kind.strip_suffix('*').map_or_else(|| self.property(kind), |class| self.classes.contains(class))
    }
}

fn names(header: &Header, kind: Kind) -> impl Iterator<Item = &str> {
    header.types.iter().filter(move |own| own.kind == kind).map(|own| own.name.as_str())
}

fn check_type(kind: &Type, known: &Known) -> Result<(), String> {
    let prefix = match kind.kind {
        Kind::Class => 'U',
        Kind::Struct => 'F',
        Kind::Enum => 'E',
    };
    if !kind.name.starts_with(prefix) {
        return Err(format!("its name does not begin with {prefix}"));
    }
    if kind.kind == Kind::Class && !known.classes.contains(kind.base.as_str()) {
        return Err(format!("its base is \"{}\"", kind.base));
    }
    for property in &kind.properties {
        check_property(property, known).map_err(|error| format!("{}: {error}", property.name))?;
    }
    let mut seen = BTreeSet::new();
    for function in &kind.functions {
        if !seen.insert(&function.name) {
            return Err(format!("{}: there are two of this name", function.name));
        }
        check_function(function, kind, known).map_err(|error| format!("{}: {error}", function.name))?;
    }
    Ok(())
}

fn check_property(property: &Property, known: &Known) -> Result<(), String> {
    let Property { specifiers, kind, private, .. } = property;
    let assignable = specifiers.has("BlueprintAssignable");
    if known.delegates.contains(kind.as_str()) != assignable {
        return Err("BlueprintAssignable is for delegates, and delegates for it".into());
    }
    if !assignable && !known.property(kind) {
        return Err(format!("Blueprints do not know {kind}"));
    }
    if !assignable && specifiers.in_blueprints() && specifiers.value("Category").is_none() {
        return Err("it has no Category".into());
    }
    if *private && specifiers.in_blueprints() {
        return Err("it is private".into());
    }
    Ok(())
}

fn check_function(function: &Function, class: &Type, known: &Known) -> Result<(), String> {
    let Function { specifiers, result, parameters, .. } = function;
    if class.kind != Kind::Class {
        return Err("only classes have functions".into());
    }
    if specifiers.in_blueprints() && specifiers.value("Category").is_none() {
        return Err("it has no Category".into());
    }
    if result != "void" && !known.parameter(result) {
        return Err(format!("Blueprints do not know {result}"));
    }
    if specifiers.has("BlueprintPure") && result == "void" {
        return Err("it is pure and gives nothing".into());
    }
    for (kind, name) in parameters {
        if !known.parameter(kind) {
            return Err(format!("Blueprints do not know {kind}"));
        }
        if class.properties.iter().any(|property| property.name == *name) {
            return Err(format!("its parameter {name} hides a property"));
        }
    }
    for word in ["WorldContext", "AutoCreateRefTerm"] {
        if let Some(parameter) = specifiers.value(word) {
            if !parameters.iter().any(|(_, name)| name == parameter) {
                return Err(format!("{word} names {parameter}, which is no parameter"));
            }
        }
    }
    Ok(())
}

fn kind_of(word: &str) -> Option<Kind> {
    match word {
        "UCLASS" => Some(Kind::Class),
        "USTRUCT" => Some(Kind::Struct),
        "UENUM" => Some(Kind::Enum),
        _ => None,
    }
}

/// Reads a type from its macro on; where it ends.
fn read_type(tokens: &[Token], at: usize, kind: Kind) -> Result<(Type, usize), String> {
    let (_, start) = parenthesised(tokens, at + 1);
    let open = position(tokens, start, "{").ok_or("a type without a body")?;
    let head: Vec<&str> = tokens[start..open].iter().map(|token| token.text.as_str()).collect();
    let end = matching(tokens, open);
    let mut read =
        Type { kind, name: String::new(), base: String::new(), body: 0, properties: Vec::new(), functions: Vec::new() };
    match (kind, head.as_slice()) {
        (Kind::Enum, ["enum", "class", name, ":", "uint8"]) => read.name = (*name).into(),
        (Kind::Enum, _) => return Err(format!("expected \"enum class NAME : uint8\", found {head:?}")),
        (Kind::Struct, ["struct", api, name]) if api.ends_with("_API") => read.name = (*name).into(),
        (Kind::Class, ["class", api, name, ":", "public", base]) if api.ends_with("_API") => {
            (read.name, read.base) = ((*name).into(), (*base).into());
        }
        _ => return Err(format!("expected the module's _API and one public base, found {head:?}")),
    }
    if kind != Kind::Enum {
        if tokens[open + 1].text != "GENERATED_BODY" {
            return Err(format!("{}: GENERATED_BODY() is not what it begins with", read.name));
        }
        read.body = tokens[open + 1].line;
        read_members(&tokens[open + 1..end], &mut read);
    }
    Ok((read, end))
}

fn read_members(tokens: &[Token], read: &mut Type) {
    let mut private = read.kind == Kind::Class;
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            access @ ("public" | "private" | "protected") if tokens[at + 1].text == ":" => {
                private = access != "public";
                at += 2;
            }
            "UPROPERTY" => {
                let (words, start) = parenthesised(tokens, at + 1);
                let end = position(tokens, start, ";").unwrap_or(tokens.len());
                let stop = position(&tokens[..end], start, "=").unwrap_or(end);
                let (kind, name) = declared(&tokens[start..stop]);
                read.properties.push(Property { specifiers: Specifiers::of(words), kind, name, private });
                at = end;
            }
            "UFUNCTION" => {
                let (words, start) = parenthesised(tokens, at + 1);
                let open = position(tokens, start, "(").unwrap_or(tokens.len());
                let close = matching(tokens, open);
                let (result, name) = declared(&tokens[start..open]);
                let parameters = tokens[open + 1..close]
                    .split(|token| token.text == ",")
                    .filter(|parameter| !parameter.is_empty())
                    .map(declared)
                    .collect();
                read.functions.push(Function { specifiers: Specifiers::of(words), result, name, parameters });
                at = close;
            }
            _ => at += 1,
        }
    }
}

/// The type and the name of a declaration.
fn declared(tokens: &[Token]) -> (String, String) {
    let Some((name, kind)) = tokens.split_last() else { return Default::default() };
    let mut text = String::new();
    for word in kind.iter().map(|token| token.text.as_str()).filter(|word| !matches!(*word, "static" | "virtual")) {
        text += word;
        text += if word == "const" { " " } else { "" };
    }
    (text, name.text.clone())
}

/// A delegate of what its macro is given: its name, then types and names of parameters by turns.
fn read_delegate(macro_name: &str, words: &[Token]) -> Result<Delegate, String> {
    const COUNTS: [&str; 6] = ["", "_OneParam", "_TwoParams", "_ThreeParams", "_FourParams", "_FiveParams"];
    let parts: Vec<String> = words
        .split(|word| word.text == ",")
        .map(|part| part.iter().map(|word| if word.text == "const" { "const " } else { &word.text }).collect())
        .collect();
    let (name, parameters) = parts.split_first().ok_or("a delegate without a name")?;
    let suffix = macro_name.trim_start_matches("DECLARE_DYNAMIC_MULTICAST_DELEGATE");
    if COUNTS.iter().position(|count| *count == suffix).map(|count| 2 * count) != Some(parameters.len()) {
        return Err(format!("{name}: {macro_name} has {} arguments", parts.len()));
    }
    if !name.starts_with('F') {
        return Err(format!("the delegate {name} does not begin with F"));
    }
    Ok(Delegate { name: name.clone(), parameters: parameters.iter().step_by(2).cloned().collect() })
}

struct Token {
    text: String,
    line: usize,
}

/// Words, texts and single signs; neither comments nor lines of the preprocessor.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut comment = false;
    for (number, line) in text.lines().enumerate() {
        let mut rest = if line.starts_with('#') { "" } else { line };
        while let Some(first) = rest.chars().next() {
            if comment {
                let end = rest.find("*/");
                comment = end.is_none();
                rest = end.map_or("", |end| &rest[end + 2..]);
                continue;
            }
            if rest.starts_with("//") {
                break;
            }
            if rest.starts_with("/*") {
                comment = true;
                continue;
            }
            let word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '.';
            let length = if word(first) {
                rest.find(|sign| !word(sign)).unwrap_or(rest.len())
            } else if first == '"' {
                rest[1..].find('"').map_or(rest.len(), |end| end + 2)
            } else {
                first.len_utf8()
            };
            if !first.is_whitespace() {
                tokens.push(Token { text: rest[..length].into(), line: number + 1 });
            }
            rest = &rest[length..];
        }
    }
    tokens
}

fn position(tokens: &[Token], from: usize, text: &str) -> Option<usize> {
    (from..tokens.len()).find(|at| tokens[*at].text == text)
}

/// Where the bracket at `open` is closed.
fn matching(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "{" => depth += 1,
            ")" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

/// The words in the brackets at `open`, and what comes after them.
fn parenthesised(tokens: &[Token], open: usize) -> (&[Token], usize) {
    let end = matching(tokens, open);
    (&tokens[open + 1..end], end + 1)
}
