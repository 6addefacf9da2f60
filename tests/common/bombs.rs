//! Graphs made to harm ONNX Runtime: each could be loaded by it, or nearly.

use super::onnx::*;

/// A graph, the file of the tests' model whose place it takes, and words of the answer; none where any clean answer does.
pub struct Bomb {
    pub name: &'static str,
    pub file: &'static str,
    pub content: Vec<u8>,
    pub words: Option<&'static str>,
}

fn bomb(name: &'static str, content: Vec<u8>, words: impl Into<Option<&'static str>>) -> Bomb {
    Bomb { name, file: ENCODER, content, words: words.into() }
}

/// A text encoder with more in its graph.
fn with(name: &'static str, fields: &[Vec<u8>], words: impl Into<Option<&'static str>>) -> Bomb {
    bomb(name, encoder(weights(raw(128)), fields, &[]), words)
}

/// A weight of these numbers.
fn floats(name: &str, sizes: &[i64], numbers: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    bytes(5, tensor(name, sizes, &[bytes(9, data)]))
}

fn longs(name: &str, sizes: &[i64], numbers: &[i64]) -> Vec<u8> {
    let data: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    bytes(5, typed_tensor(name, 7, sizes, &[bytes(9, data)]))
}

/// The field of a node that holds a whole number.
fn integer(name: &str, value: i64) -> Vec<u8> {
    bytes(5, [bytes(1, name), number(3, value as u64), number(20, 2)].concat())
}

/// The field of a graph that holds a node of another domain.
fn foreign(domain: &str, kind: &str, inputs: &[&str], output: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|input| bytes(1, input)).collect();
    bytes(1, [inputs, bytes(2, output), bytes(4, kind), bytes(7, domain), attributes.concat()].concat())
}

/// A graph of one node, with an input and an output.
fn small(input: Vec<u8>, node: Vec<u8>, output: Vec<u8>, more: &[Vec<u8>]) -> Vec<u8> {
    let graph = [more.concat(), node, bytes(2, "graph"), bytes(11, input), bytes(12, output)].concat();
    [number(1, 8), bytes(7, graph), bytes(8, number(2, 17))].concat()
}

/// A text encoder with these ports.
fn ports(name: &'static str, input: Vec<u8>, output: Vec<u8>, words: impl Into<Option<&'static str>>) -> Bomb {
    let gather = operator("Gather", &["weights", "input_ids"], "last_hidden_state", &[]);
    bomb(name, small(input, gather, output, &[bytes(5, weights(raw(128)))]), words)
}

fn ids(shape: &[u64]) -> Vec<u8> {
    port("input_ids", 7, shape)
}

fn states(shape: &[u64]) -> Vec<u8> {
    port("last_hidden_state", 1, shape)
}

fn declared() -> Vec<Bomb> {
    let of_type = |kind: Vec<u8>| [bytes(1, "input_ids"), bytes(2, kind)].concat();
    let unet = |name, sample: &[u64], timestep: &[u64], words| {
        let identity = operator("Identity", &["sample"], "out_sample", &[]);
        let more =
            [bytes(11, port("timestep", 1, timestep)), bytes(11, port("encoder_hidden_states", 1, &[2, 77, 32]))];
        let content = small(port("sample", 1, sample), identity, port("out_sample", 1, sample), &more);
        Bomb { name, file: "unet/model.onnx", content, words: Some(words) }
    };
    vec![
        ports("input of 2^40", ids(&[1, 1 << 40]), states(&[1, 24, 8]), "\"input_ids\": dimension 1 is 1099511627776"),
        ports(
            "batch of 2^40",
            ids(&[1 << 40, 24]),
            states(&[1, 24, 8]),
            "dimension 0 is 1099511627776; expected 1 to 64",
        ),
        ports("negative input", ids(&[1, u64::MAX]), states(&[1, 24, 8]), "dimension 1 is -1"),
        ports("input of 0", ids(&[0, 24]), states(&[1, 24, 8]), "dimension 0 is 0"),
        ports("input of 100 dimensions", ids(&[1; 100]), states(&[1, 24, 8]), "more than 5 dimensions"),
        ports("output of 2^40", ids(&[1, 24]), states(&[1, 1 << 40, 8]), "\"last_hidden_state\": dimension 1"),
        ports(
            "output of 2^32 numbers",
            ids(&[1, 24]),
            states(&[1, 1 << 16, 1 << 16]),
            "multiply to 4294967296 numbers",
        ),
        ports("input of text", port("input_ids", 8, &[1, 24]), states(&[1, 24, 8]), "element type is 8"),
        ports("input of no type", port("input_ids", 99, &[1, 24]), states(&[1, 24, 8]), "element type is 99"),
        ports(
            "input that is a sequence",
            of_type(bytes(4, bytes(1, bytes(1, number(1, 7))))),
            states(&[1, 24, 8]),
            "a sequence",
        ),
        ports(
            "input that is an option",
            of_type(bytes(9, bytes(1, bytes(1, number(1, 7))))),
            states(&[1, 24, 8]),
            "an option",
        ),
        ports("output of another type", ids(&[1, 24]), port("last_hidden_state", 7, &[1, 24, 8]), None),
        unet("timestep of 2^40", &[2, 4, 8, 8], &[1 << 40], "\"timestep\": dimension 0 is 1099511627776"),
        unet(
            "sample of 2^20",
            &[2, 4, 1 << 20, 1 << 20],
            &[1],
            "\"sample\": dimension 2 is 1048576; expected 1 to 8192",
        ),
    ]
}

fn attributes() -> Vec<Bomb> {
    let image = floats("image", &[1, 1, 4, 4], &[1.0; 16]);
    let kernel = floats("kernel", &[1, 1, 2, 2], &[1.0; 4]);
    let on_image = |kind: &str, fields: &[Vec<u8>]| vec![image.clone(), operator(kind, &["image"], "made", fields)];
    let conv =
        |field: Vec<u8>| vec![image.clone(), kernel.clone(), operator("Conv", &["image", "kernel"], "made", &[field])];
    let einsum = |equation: &str| operator("Einsum", &["weights"], "made", &[text("equation", equation)]);
    vec![
        with("einsum of dots", &[einsum(&".".repeat(250))], "equation of the operator Einsum"),
        with("einsum of many dots", &[einsum(&".".repeat(600))], "a name has 600 bytes"),
        with("einsum of many letters", &[einsum(&"ab".repeat(60))], "equation of the operator Einsum"),
        with("einsum of many terms", &[einsum(&"a,".repeat(100))], "equation of the operator Einsum"),
        with(
            "a long text",
            &[operator("Relu", &["weights"], "made", &[text("note", &"a".repeat(1 << 20))])],
            "has 1048576 bytes",
        ),
        with("stride 0", &conv(integers("strides", &[0, 0])), "strides of the operator Conv is 0"),
        with("dilation 0", &conv(integers("dilations", &[0, 0])), "dilations of the operator Conv is 0"),
        with("group 0", &conv(integer("group", 0)), "group of the operator Conv is 0"),
        with("pads of 2^40", &conv(integers("pads", &[1 << 40; 4])), "pads of the operator Conv have 1099511627776"),
        with(
            "kernel 0",
            &on_image("MaxPool", &[integers("kernel_shape", &[0, 0])]),
            "kernel_shape of the operator MaxPool",
        ),
        with(
            "blocks of 0",
            &on_image("DepthToSpace", &[integer("blocksize", 0)]),
            "blocksize of the operator DepthToSpace",
        ),
        with("split in 0", &on_image("Split", &[integer("num_outputs", 0)]), "num_outputs of the operator Split is 0"),
        with("0 groups", &on_image("GroupNormalization", &[integer("num_groups", 0)]), "num_groups"),
        with(
            "0 heads",
            &[foreign("com.microsoft", "MultiHeadAttention", &["weights"], "made", &[integer("num_heads", 0)])],
            "num_heads",
        ),
        with(
            "random numbers without end",
            &[operator("RandomNormal", &[], "made", &[integers("shape", &[1 << 20, 1 << 20])])],
            "shape of the operator RandomNormal",
        ),
    ]
}

fn loops() -> Vec<Bomb> {
    let yes = bytes(5, typed_tensor("yes", 9, &[], &[bytes(9, [1])]));
    let many = longs("many", &[], &[i64::MAX]);
    let body = [
        operator("Identity", &["go"], "goes", &[]),
        bytes(2, "body"),
        bytes(11, port("i", 7, &[])),
        bytes(11, port("go", 9, &[])),
        bytes(12, port("goes", 9, &[])),
    ];
    let graph = |name: &str, graph: Vec<u8>| bytes(5, [bytes(1, name), bytes(6, graph), number(20, 5)].concat());
    let refused = "which Scumble does not run";
    let branch = |name: &str| {
        let doubled: Vec<u8> = (0..32).flat_map(|i| doubling(i, &format!("{name}_"), "weights")).collect();
        [doubled, bytes(2, name), bytes(12, port(&format!("{name}_32"), 1, &[]))].concat()
    };
    let both = [graph("then_branch", branch("a")), graph("else_branch", branch("b"))];
    let one = |name: &str| {
        let identity = operator("Identity", &["weights"], name, &[]);
        [identity, bytes(2, name), bytes(12, port(name, 1, &[4, 8]))].concat()
    };
    let chosen = operator("If", &["yes"], "c0", &[graph("then_branch", one("a")), graph("else_branch", one("b"))]);
    vec![
        with(
            "endless loop",
            &[yes.clone(), many, operator("Loop", &["many", "yes"], "made", &[graph("body", body.concat())])],
            refused,
        ),
        with("scan", &[operator("Scan", &["weights"], "made", &[graph("body", body.concat())])], refused),
        with(
            "a sequence that is mapped",
            &[operator("SequenceMap", &["weights"], "made", &[graph("body", body.concat())])],
            refused,
        ),
        with(
            "search",
            &[foreign("com.microsoft", "BeamSearch", &["weights"], "made", &[graph("decoder", body.concat())])],
            refused,
        ),
        with("doubling within branches", &[yes.clone(), operator("If", &["yes"], "made", &both)], "its constants are"),
        with(
            "doubling behind a branch that is chosen",
            &[vec![yes, chosen], (0..32).map(|i| doubling(i, "c", "none")).collect()].concat(),
            "its constants are",
        ),
    ]
}

/// `prefix{i + 1}` is `prefix{i}` twice; the first is of this tensor.
fn doubling(i: usize, prefix: &str, first: &str) -> Vec<u8> {
    let from = if i == 0 && first != "none" { first.to_owned() } else { format!("{prefix}{i}") };
    operator("Concat", &[&from, &from], &format!("{prefix}{}", i + 1), &[integer("axis", 0)])
}

fn folding() -> Vec<Bomb> {
    let grown = "its constants are";
    let chain = |make: &dyn Fn(&str, &str) -> Vec<u8>| {
        let name = |i: usize| if i == 0 { "weights".to_owned() } else { format!("t{i}") };
        (0..40).map(|i| make(&name(i), &name(i + 1))).collect::<Vec<_>>()
    };
    let and = |fields: &[Vec<u8>], chain: Vec<Vec<u8>>| [fields.to_vec(), chain].concat();
    let side = 1 << 16;
    let column = floats("column", &[side, 1], &vec![1.0; side as usize]);
    let row = floats("row", &[1, side], &vec![1.0; side as usize]);
    let many: Vec<i64> = vec![0; 4096];
    let call = |i: usize| {
        let from = if i == 0 { "weights".to_owned() } else { format!("f{i}") };
        foreign("own", "twice", &[&from], &format!("f{}", i + 1), &[])
    };
    let twice = [bytes(1, "x"), bytes(1, "x"), bytes(2, "y"), bytes(4, "Concat"), integer("axis", 0)].concat();
    let function =
        [bytes(1, "twice"), bytes(10, "own"), bytes(4, "x"), bytes(5, "y"), bytes(7, twice), bytes(9, number(2, 17))];
    let own = bytes(8, [bytes(1, "own"), number(2, 1)].concat());
    let calls: Vec<Vec<u8>> = (0..30).map(call).collect();
    vec![
        with("concatenation", &(0..40).map(|i| doubling(i, "c", "weights")).collect::<Vec<_>>(), grown),
        with(
            "sum of a row and a column",
            &[column.clone(), row.clone(), operator("Add", &["column", "row"], "made", &[])],
            grown,
        ),
        with(
            "product of a column and a row",
            &[column, row, operator("MatMul", &["column", "row"], "made", &[])],
            grown,
        ),
        with(
            "expansion",
            &[longs("sides", &[4], &[4096, 4096, 4, 8]), operator("Expand", &["weights", "sides"], "made", &[])],
            grown,
        ),
        with(
            "tiles",
            &and(&[longs("two", &[2], &[2, 1])], chain(&|a, b| operator("Tile", &[a, "two"], b, &[]))),
            grown,
        ),
        with(
            "a constant of a shape",
            &[longs("sides", &[2], &[1 << 20, 1 << 20]), operator("ConstantOfShape", &["sides"], "made", &[])],
            grown,
        ),
        with(
            "a range",
            &[
                longs("zero", &[], &[0]),
                longs("end", &[], &[1 << 36]),
                longs("one", &[], &[1]),
                operator("Range", &["zero", "end", "one"], "made", &[]),
            ],
            grown,
        ),
        with(
            "padding",
            &and(
                &[longs("more", &[4], &[0, 0, 60_000, 60_000])],
                vec![operator("Pad", &["weights", "more"], "made", &[])],
            ),
            grown,
        ),
        with(
            "resizing",
            &[floats("scales", &[2], &[1e5, 1e5]), operator("Resize", &["weights", "", "scales"], "made", &[])],
            "whose size does not show",
        ),
        with(
            "gathering",
            &and(&[longs("many", &[2, 2048], &many)], chain(&|a, b| operator("Gather", &[a, "many"], b, &[]))),
            grown,
        ),
        with(
            "one of many",
            &[
                longs("which", &[1], &[0]),
                longs("depth", &[], &[1 << 36]),
                floats("values", &[2], &[0.0, 1.0]),
                operator("OneHot", &["which", "depth", "values"], "made", &[]),
            ],
            grown,
        ),
        with(
            "a shape that is computed",
            &[
                longs("twos", &[40], &[2; 40]),
                longs("axis", &[1], &[0]),
                operator("ReduceProd", &["twos"], "sides", &[integers("axes", &[0])]),
                operator("ConstantOfShape", &["sides"], "made", &[]),
            ],
            grown,
        ),
        with(
            "a shape of unknown numbers",
            &[
                longs("twos", &[2], &[30, 30]),
                operator("Pow", &["twos", "twos"], "sides", &[]),
                operator("ConstantOfShape", &["sides"], "made", &[]),
            ],
            "whose size does not show",
        ),
        with(
            "copies",
            &(0..60_000)
                .map(|i| operator("Identity", &["large"], &format!("i{i}"), &[]))
                .chain([floats("large", &[4096], &[1.0; 4096])])
                .collect::<Vec<_>>(),
            grown,
        ),
        bomb("doubling by a function", encoder(weights(raw(128)), &calls, &[own, bytes(25, function.concat())]), grown),
        with(
            "nodes in disorder",
            &[doubling(1, "c", "weights"), doubling(0, "c", "weights")],
            "which nothing before it gives",
        ),
    ]
}

fn divisions() -> Vec<Bomb> {
    let divided = "divides integers";
    let of = |kind: &str, a: i64, b: i64| {
        [longs("a", &[1], &[a]), longs("b", &[1], &[b]), operator(kind, &["a", "b"], "made", &[])]
    };
    let narrow = |number: i32| typed_tensor("b", 6, &[1], &[bytes(9, number.to_le_bytes())]);
    let node = [bytes(1, "x"), bytes(1, "x"), bytes(2, "y"), bytes(4, "Div")].concat();
    let function =
        [bytes(1, "half"), bytes(10, "own"), bytes(4, "x"), bytes(5, "y"), bytes(7, node), bytes(9, number(2, 17))];
    let own = bytes(8, [bytes(1, "own"), number(2, 1)].concat());
    let call = foreign("own", "half", &["input_ids"], "made", &[]);
    vec![
        with("the smallest by -1", &of("Div", i64::MIN, -1), divided),
        with("by 0", &of("Div", 1, 0), divided),
        with("remainder by 0", &of("Mod", 1, 0), divided),
        with("remainder by -1", &of("Mod", i64::MIN, -1), divided),
        with("by 0 in 32 bits", &[bytes(5, narrow(0)), operator("Div", &["b", "b"], "made", &[])], divided),
        with(
            "by 0 that is reshaped and cast",
            &[
                floats("a", &[1], &[0.3]),
                longs("whole", &[1], &[-1]),
                operator("Cast", &["a"], "cast", &[integer("to", 7)]),
                operator("Reshape", &["cast", "whole"], "b", &[]),
                operator("Div", &["input_ids", "b"], "made", &[]),
            ],
            divided,
        ),
        with("by what is given", &[operator("Div", &["input_ids", "input_ids"], "made", &[])], divided),
        bomb("within a function", encoder(weights(raw(128)), &[call], &[own, bytes(25, function.concat())]), divided),
    ]
}

fn others() -> Vec<Bomb> {
    let quantized = bytes(5, typed_tensor("q", 3, &[4, 8], &[raw(32)]));
    let elsewhere = tensor("t", &[1], &[external(&[("location", "model.onnx")])]);
    let held = bytes(5, [bytes(1, "value"), bytes(5, elsewhere), number(20, 4)].concat());
    let nodes: Vec<Vec<u8>> = (0..70_000).map(|i| operator("Relu", &["input_ids"], &format!("r{i}"), &[])).collect();
    vec![
        with("cast to text", &[operator("Cast", &["weights"], "made", &[integer("to", 8)])], "casts numbers to text"),
        with("text", &[bytes(5, typed_tensor("t", 8, &[1], &[bytes(6, "a")]))], "is of text"),
        with(
            "trees",
            &[foreign("ai.onnx.ml", "TreeEnsembleRegressor", &["weights"], "made", &[])],
            "domain \"ai.onnx.ml\"",
        ),
        with("70000 nodes", &nodes, "more than 65536 nodes"),
        with("external data in an attribute", &[operator("Constant", &[], "made", &[held])], "external data"),
        with(
            "scales of another shape",
            &[
                quantized,
                floats("scales", &[3], &[1.0; 3]),
                operator("DequantizeLinear", &["q", "scales"], "made", &[]),
            ],
            None,
        ),
        with("an operator that is not there", &[operator("Nothing", &["input_ids"], "made", &[])], None),
        with("too many inputs", &[operator("Relu", &["weights"; 1000], "made", &[])], None),
        with("the same output twice", &[doubling(0, "c", "weights"), doubling(0, "c", "weights")], None),
        with(
            "30000 operators",
            &(0..30_000)
                .map(|i| operator("Cast", &["input_ids"], &format!("r{i}"), &[integer("to", 1)]))
                .collect::<Vec<_>>(),
            None,
        ),
    ]
}

/// All of them.
pub fn bombs() -> Vec<Bomb> {
    [declared(), attributes(), loops(), folding(), divisions(), others()].into_iter().flatten().collect()
}
