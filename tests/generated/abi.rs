//! `include/tdc.h`, read for the bindings whose declarations are generated from it.

/// A function of the header.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) result: Type,
    pub(crate) parameters: Vec<(String, Type)>,
}

/// What a parameter or a result is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Type {
    Void,
    U8,
    U32,
    I64,
    Size,
    /// An opaque object of the library: only its address is ever used.
    Handle {
        is_const: bool,
    },
    /// Bytes, a struct or an out slot.
    Pointer {
        is_const: bool,
    },
}

/// A struct that the caller sees, and where its fields are.
pub(crate) struct Struct {
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) size: usize,
}

/// A field of a struct, with its type as C writes it.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// In bytes.
    pub(crate) offset: usize,
}

/// The header's declarations, in its order.
pub(crate) struct Abi {
    pub(crate) constants: Vec<(String, u32)>,
    pub(crate) structs: Vec<Struct>,
    pub(crate) functions: Vec<Function>,
}

/// Reads the header that is checked in.
pub(crate) fn read() -> Abi {
    let path = format!("{}/include/tdc.h", env!("CARGO_MANIFEST_DIR"));
    let header = std::fs::read_to_string(path).unwrap();
    let code: String = header.split("/*").map(|part| part.rsplit("*/").next().unwrap()).collect();
    let constants = code
        .lines()
        .filter_map(|line| line.strip_prefix("#define TDC_")?.split_once(' '))
        .map(|(name, value)| (name.to_owned(), value.trim().parse().unwrap()))
        .collect();
    let code: String = code.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let mut abi = Abi { constants, structs: Vec::new(), functions: Vec::new() };
    for block in code.split("typedef struct ").skip(1) {
        if let Some((name, rest)) = block.split_once('{').filter(|(name, _)| !name.contains(';')) {
            let fields = rest.split_once('}').unwrap().0;
            let read = struct_of(name.trim(), fields, &abi.structs);
            abi.structs.push(read);
        }
    }
    for statement in code.split_once("extern \"C\" {").unwrap().1.split(';') {
        if let Some((start, parameters)) = statement.split_once('(') {
            abi.functions.push(function_of(start, parameters));
        }
    }
    abi
}

fn struct_of(name: &str, fields: &str, known: &[Struct]) -> Struct {
    let mut read = Struct { name: name.to_owned(), fields: Vec::new(), size: 0 };
    for field in fields.split(';').map(str::trim).filter(|field| !field.is_empty()) {
        let (kind, name) = split_name(field);
        let size = match kind.as_str() {
            "uint8_t" => 1,
            "uint32_t" | "tdc_status" => 4,
            "size_t" | "int64_t" | "uint64_t" => 8,
            pointer if pointer.ends_with('*') => 8,
            inner => known.iter().find(|each| format!("struct {}", each.name) == inner).unwrap().size,
        };
        read.size = read.size.next_multiple_of(size.min(8));
        read.fields.push(Field { name, kind, offset: read.size });
        read.size += size;
    }
    read.size = read.size.next_multiple_of(8);
    read
}

fn function_of(start: &str, parameters: &str) -> Function {
    let start = start.trim_start_matches(|c: char| c == '}' || c.is_whitespace());
    let (result, name) = split_name(start);
    let parameters = parameters.split_once(')').unwrap().0.split(',').map(str::trim);
    Function {
        name: name.strip_prefix("tdc_").unwrap().to_owned(),
        result: type_of(&result),
        parameters: parameters
            .filter(|parameter| *parameter != "void")
            .map(split_name)
            .map(|(kind, name)| (name.trim_end_matches('_').to_owned(), type_of(&kind)))
            .collect(),
    }
}

/// Splits `const uint8_t **out` into `const uint8_t **` and `out`.
fn split_name(declaration: &str) -> (String, String) {
    let words = declaration.split_whitespace().collect::<Vec<_>>().join(" ");
    let at = words.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap() + 1;
    (words[..at].trim_end().to_owned(), words[at..].to_owned())
}

fn type_of(text: &str) -> Type {
    let is_const = text.starts_with("const ") && !text.ends_with("**");
    match text.trim_start_matches("const ").trim_start_matches("struct ") {
        "void" => Type::Void,
        "uint8_t" => Type::U8,
        "uint32_t" | "tdc_status" => Type::U32,
        "int64_t" => Type::I64,
        "size_t" => Type::Size,
        "tdc_data_converter *" | "tdc_error *" => Type::Handle { is_const },
        pointer if pointer.ends_with('*') => Type::Pointer { is_const },
        other => panic!("the generators know no type {other}"),
    }
}
