//! ONNX files, written field by field, so that they can be wrong in any way. Numbers of fields are those of
//! onnx.proto.

/// The model that [`encoder`] takes the place of.
pub const ENCODER: &str = "text_encoder/model.onnx";

/// A field that is a number.
pub fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A field that is a message, a text or bytes.
pub fn bytes(field: u64, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    [varint(field << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A tensor of f32 with these dimensions and data.
pub fn tensor(name: &str, dimensions: &[i64], data: &[Vec<u8>]) -> Vec<u8> {
    typed_tensor(name, 1, dimensions, data)
}

/// Likewise, of any element type.
pub fn typed_tensor(name: &str, kind: u64, dimensions: &[i64], data: &[Vec<u8>]) -> Vec<u8> {
    let dimensions: Vec<u8> = dimensions.iter().flat_map(|dimension| number(1, *dimension as u64)).collect();
    [dimensions, number(2, kind), bytes(8, name), data.concat()].concat()
}

/// Data of a tensor that is in the file.
pub fn raw(length: usize) -> Vec<u8> {
    bytes(9, vec![0; length])
}

/// Data of a tensor that is in another file: pairs of keys and values.
pub fn external(entries: &[(&str, &str)]) -> Vec<u8> {
    let entry = |(key, value): &(&str, &str)| bytes(13, [bytes(1, key), bytes(2, value)].concat());
    let entries: Vec<u8> = entries.iter().flat_map(entry).collect();
    [entries, number(14, 1)].concat()
}

/// A node without inputs.
pub fn node(domain: &str, kind: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    let attributes: Vec<u8> = attributes.iter().flat_map(|attribute| bytes(5, attribute)).collect();
    [bytes(2, "unused"), bytes(4, kind), bytes(7, domain), attributes].concat()
}

/// An attribute whose value is in this field.
pub fn attribute(field: u64, value: Vec<u8>) -> Vec<u8> {
    [bytes(1, "value"), bytes(field, value)].concat()
}

/// The field of a node that holds an attribute: a list of whole numbers.
pub fn integers(name: &str, values: &[i64]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|value| number(8, *value as u64)).collect();
    bytes(5, [bytes(1, name), values, number(20, 7)].concat())
}

/// Likewise, a text.
pub fn text(name: &str, value: &str) -> Vec<u8> {
    bytes(5, [bytes(1, name), bytes(4, value), number(20, 3)].concat())
}

/// The field of a graph that holds a node.
pub fn operator(kind: &str, inputs: &[&str], output: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|input| bytes(1, input)).collect();
    bytes(1, [inputs, bytes(2, output), bytes(4, kind), attributes.concat()].concat())
}

/// A function of the domain `own` with nodes that call these operators.
pub fn function(name: &str, calls: &[(&str, &str)]) -> Vec<u8> {
    let nodes: Vec<u8> = calls.iter().flat_map(|(domain, kind)| bytes(7, node(domain, kind, &[]))).collect();
    [bytes(1, name), bytes(10, "own"), nodes, bytes(9, number(2, 17))].concat()
}

/// A text encoder that looks up rows of `weights`, which is `[4, 8]` in f32, and gives each 16 times side by side, with
/// more fields for its graph and for the model.
pub fn encoder(weights: Vec<u8>, graph: &[Vec<u8>], model: &[Vec<u8>]) -> Vec<u8> {
    let axis = bytes(5, [bytes(1, "axis"), number(3, 2), number(20, 2)].concat());
    let graph = [
        operator("Gather", &["weights", "input_ids"], "scumble.looked_up", &[]),
        operator("Concat", &["scumble.looked_up"; 16], "last_hidden_state", &[axis]),
        bytes(2, "graph"),
        bytes(5, weights),
        bytes(11, port("input_ids", 7, &[1, 24])),
        bytes(12, port("last_hidden_state", 1, &[1, 24, 128])),
        graph.concat(),
    ];
    [number(1, 8), bytes(7, graph.concat()), bytes(8, number(2, 17)), model.concat()].concat()
}

/// The weights of [`encoder`], with data that has 128 bytes.
pub fn weights(data: Vec<u8>) -> Vec<u8> {
    tensor("weights", &[4, 8], &[data])
}

/// A name, an element type and a shape.
pub fn port(name: &str, kind: u64, shape: &[u64]) -> Vec<u8> {
    let shape: Vec<u8> = shape.iter().flat_map(|dimension| bytes(1, number(1, *dimension))).collect();
    [bytes(1, name), bytes(2, bytes(1, [number(1, kind), bytes(2, shape)].concat()))].concat()
}
