//! Parts of a model that compute nothing: every output is zeros of its shape. For what loading makes of inputs and
//! outputs.

use super::onnx::{attribute, bytes, number, operator, typed_tensor};

/// Element types, by onnx.proto.
pub const F32: u64 = 1;
pub const U8: u64 = 2;
pub const I64: u64 = 7;
pub const F16: u64 = 10;
pub const BF16: u64 = 16;

/// The name, element type and shape of an input or output. A dimension of 0 is free.
pub type Port<'a> = (&'a str, u64, &'a [u64]);

/// A model with these inputs and outputs.
pub fn model(inputs: &[Port], outputs: &[Port]) -> Vec<u8> {
    with_opset(17, inputs, outputs, &[])
}

/// The same of another version of ONNX, with more nodes.
pub fn with_opset(opset: u64, inputs: &[Port], outputs: &[Port], nodes: &[Vec<u8>]) -> Vec<u8> {
    let zeros = |(name, kind, shape): &Port| {
        let sides: Vec<i64> = shape.iter().map(|side| (*side).max(1) as i64).collect();
        let data: Vec<u8> = sides.iter().flat_map(|side| side.to_le_bytes()).collect();
        let (size, zero) =
            (format!("{name}.shape"), typed_tensor("value", *kind, &[1], &[bytes(9, vec![0; bytes_of(*kind)])]));
        let names = ["floats", "elements", "nothing", "sum"].map(|end| format!("{name}.{end}"));
        let [floats, elements, nothing, sum] = names;
        let to = bytes(5, [bytes(1, "to"), number(3, F32), number(20, 2)].concat());
        [
            bytes(5, typed_tensor(&size, I64, &[sides.len() as i64], &[bytes(9, data)])),
            // So that ONNX Runtime does not know the shape of an output by itself.
            operator("Cast", &[inputs[0].0], &floats, &[to]),
            operator("Size", &[&floats], &elements, &[]),
            operator("Sub", &[&elements, &elements], &nothing, &[]),
            operator("Add", &[&size, &nothing], &sum, &[]),
            operator("ConstantOfShape", &[&sum], name, &[bytes(5, [attribute(5, zero), number(20, 4)].concat())]),
        ]
        .concat()
    };
    let graph = [
        nodes.concat(),
        outputs.iter().map(zeros).collect::<Vec<_>>().concat(),
        bytes(2, "graph"),
        inputs.iter().flat_map(|port| bytes(11, described(port))).collect(),
        outputs.iter().flat_map(|port| bytes(12, described(port))).collect(),
    ];
    let domains = [bytes(8, number(2, opset)), bytes(8, [bytes(1, "com.microsoft"), number(2, 1)].concat())];
    [number(1, 8), bytes(7, graph.concat()), domains.concat()].concat()
}

fn described((name, kind, shape): &Port) -> Vec<u8> {
    let side = |side: &u64| match side {
        0 => bytes(1, bytes(2, format!("{name}_free"))),
        side => bytes(1, number(1, *side)),
    };
    let shape: Vec<u8> = shape.iter().flat_map(side).collect();
    [bytes(1, name), bytes(2, bytes(1, [number(1, *kind), bytes(2, shape)].concat()))].concat()
}

fn bytes_of(kind: u64) -> usize {
    match kind {
        U8 => 1,
        F16 | BF16 => 2,
        I64 => 8,
        _ => 4,
    }
}
