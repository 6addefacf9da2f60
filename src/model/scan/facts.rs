//! What is known of a tensor before a graph is computed: its element type, and of constants their size and, where they are
//! few, their numbers.

use std::io::{Read, Seek};

use super::tensor;
use super::wire::{Message, Value, Wire};
use super::MAX_NAME;
use crate::error::{bail, Result};
use crate::model::graph::node::Node;

/// Constants of at most so many numbers are known by their numbers: shapes and the like.
pub(crate) const FEW: u64 = 64;

// Element types, as onnx.proto numbers them.
pub(crate) const UNKNOWN: i32 = 0;
const FLOAT: i32 = 1;
const INT64: i32 = 7;
pub(crate) const BOOL: i32 = 9;
pub(crate) const FLOATS: [i32; 8] = [1, 10, 11, 16, 17, 18, 19, 20];

#[derive(Clone, Debug)]
pub struct Fact {
    pub element: i32,
    pub constant: Option<Constant>,
}

#[derive(Clone, Debug, Default)]
pub struct Constant {
    /// At most.
    pub elements: u64,
    pub shape: Option<Vec<u64>>,
    pub numbers: Option<Vec<f64>>,
}

impl Fact {
    /// A tensor that is not a constant, of a type that does not show.
    pub fn unknown() -> Self {
        Self { element: UNKNOWN, constant: None }
    }

    /// An input that is left out.
    pub fn absent() -> Self {
        Self { element: UNKNOWN, constant: Some(Constant::default()) }
    }

    pub fn is_constant(&self) -> bool {
        self.constant.is_some()
    }

    pub fn bytes(&self) -> u64 {
        let bytes = (tensor::bits(self.element) / 8).max(1);
        let bytes = if self.element == UNKNOWN { 8 } else { bytes };
        self.constant.as_ref().map_or(0, |constant| constant.elements.saturating_mul(bytes))
    }
}

impl Constant {
    pub fn of_elements(elements: u64) -> Self {
        Self { elements, shape: None, numbers: None }
    }

    pub fn of_shape(shape: Vec<u64>) -> Self {
        let elements = shape.iter().fold(1u64, |product, side| product.saturating_mul(*side));
        Self { elements, shape: Some(shape), numbers: None }
    }

    pub fn of_numbers(shape: Option<Vec<u64>>, numbers: Vec<f64>) -> Self {
        let known = Some(numbers).filter(|numbers| numbers.len() as u64 <= FEW);
        let elements = known.as_ref().map_or(FEW, |numbers| numbers.len() as u64);
        Self { elements, shape, numbers: known }
    }

    /// The size of any of these.
    pub fn largest(these: Vec<Self>) -> Option<Self> {
        these.iter().map(|constant| constant.elements).max().map(Self::of_elements)
    }
}

/// The values of a sparse tensor, with its own dimensions left out: they were bounded before.
pub fn values_of_sparse<R: Read + Seek>(wire: &mut Wire<R>, mut sparse: Message) -> Result<Message> {
    while let Some((number, value)) = wire.field(&mut sparse)? {
        if number == 1 {
            return wire.bytes(value);
        }
    }
    bail!(ModelInvalid, "a sparse tensor lacks its values")
}

/// The name of a tensor, and what is known of it.
pub fn tensor<R: Read + Seek>(wire: &mut Wire<R>, mut message: Message) -> Result<(String, Fact)> {
    let (mut name, mut element, mut sizes, mut numbers) = (String::new(), UNKNOWN, Vec::new(), None);
    let (mut integers, mut raw) = (Vec::new(), None);
    while let Some((number, value)) = wire.field(&mut message)? {
        match number {
            1 => wire.integers(value, &mut sizes)?,
            2 => element = wire.number(value)? as i32,
            5 | 7 if !matches!(value, Value::Bytes(packed) if packed.length() > 10 * FEW) => {
                wire.integers(value, &mut integers)?
            }
            8 => name = wire.text(wire.bytes(value)?, MAX_NAME)?,
            9 => raw = Some(wire.bytes(value)?).filter(|raw| raw.length() <= 8 * FEW),
            _ => (),
        }
    }
    let shape: Vec<u64> = sizes.iter().map(|side| side.unsigned_abs()).collect();
    if let Some(raw) = raw {
        let mut bytes = Vec::new();
        wire.copy(raw.position()..raw.position() + raw.length(), &mut bytes)?;
        numbers = decode(element, &bytes);
    } else if !integers.is_empty() {
        numbers = Some(integers.iter().map(|integer| *integer as f64).collect());
    }
    let mut constant = Constant::of_shape(shape);
    constant.numbers = numbers.filter(|numbers| numbers.len() as u64 == constant.elements && constant.elements <= FEW);
    Ok((name, Fact { element, constant: Some(constant) }))
}

fn decode(element: i32, bytes: &[u8]) -> Option<Vec<f64>> {
    fn each<const N: usize>(bytes: &[u8], number: fn([u8; N]) -> f64) -> Vec<f64> {
        bytes.chunks_exact(N).map(|bytes| number(bytes.try_into().expect("a chunk of this size"))).collect()
    }
    Some(match element {
        FLOAT => each(bytes, |b| f32::from_le_bytes(b).into()),
        2 | BOOL => each(bytes, |b: [u8; 1]| b[0].into()),
        3 => each(bytes, |b| i8::from_le_bytes(b).into()),
        4 => each(bytes, |b| u16::from_le_bytes(b).into()),
        5 => each(bytes, |b| i16::from_le_bytes(b).into()),
        6 => each(bytes, |b| i32::from_le_bytes(b).into()),
        INT64 => each(bytes, |b| i64::from_le_bytes(b) as f64),
        10 => each(bytes, |b| half::f16::from_le_bytes(b).into()),
        11 => each(bytes, f64::from_le_bytes),
        12 => each(bytes, |b| u32::from_le_bytes(b).into()),
        13 => each(bytes, |b| u64::from_le_bytes(b) as f64),
        _ => return None,
    })
}

/// The name of an input or output of a graph, and its element type.
pub fn port<R: Read + Seek>(wire: &mut Wire<R>, mut message: Message) -> Result<(String, Fact)> {
    let (mut name, mut fact) = (String::new(), Fact::unknown());
    while let Some((number, value)) = wire.field(&mut message)? {
        match number {
            1 => name = wire.text(wire.bytes(value)?, MAX_NAME)?,
            2 => {
                let mut kind = wire.bytes(value)?;
                while let Some((number, value)) = wire.field(&mut kind)? {
                    let (1, Value::Bytes(mut tensor)) = (number, value) else { continue };
                    while let Some((number, value)) = wire.field(&mut tensor)? {
                        if number == 1 {
                            fact.element = wire.number(value)? as i32;
                        }
                    }
                }
            }
            _ => (),
        }
    }
    Ok((name, fact))
}

/// Operators whose outputs have the element type of their first input.
const ALIKE: &str = " Abs Add And AveragePool BatchNormalization BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Ceil Celu Clip \
    Compress Concat Conv ConvTranspose Cos CumSum DepthToSpace Div Dropout Einsum Elu Erf Exp Expand Flatten Floor Gather \
    GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool GridSample GroupNormalization HardSigmoid HardSwish \
    Hardmax Identity InstanceNormalization LayerNormalization LeakyRelu Log LogSoftmax LpNormalization MatMul Max MaxPool \
    Mean Min Mish Mod Mul Neg Not Or PRelu Pad Pow RMSNormalization Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum \
    ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize ReverseSequence \
    Round ScatterElements ScatterND Selu Sigmoid Sign Sin Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze \
    Sub Sum Tan Tanh ThresholdedRelu Tile Transpose Trilu Unsqueeze Upsample Xor ";
/// Operators whose outputs are true or false.
const TRUTH: &str = " Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual And Or Xor Not ";
/// Operators whose outputs are indices or counts.
const COUNTS: &str = " ArgMax ArgMin NonZero Shape Size ";

/// Whether a node is one of these operators of ONNX's.
pub fn is_in(list: &str, node: &Node) -> bool {
    node.domain.is_empty() && list.contains(&format!(" {} ", node.kind))
}

/// The element type of an output, where it shows.
pub fn element<R: Read + Seek>(wire: &mut Wire<R>, node: &Node, inputs: &[Fact], output: usize) -> Result<i32> {
    let of = |i: usize| inputs.get(i).map_or(UNKNOWN, |fact| fact.element);
    let given = |name: &str| node.integers(name).first().map(|kind| *kind as i32);
    Ok(match node.kind.as_str() {
        _ if !node.domain.is_empty() => UNKNOWN,
        _ if is_in(TRUTH, node) => BOOL,
        _ if is_in(COUNTS, node) => INT64,
        "Cast" => given("to").unwrap_or(UNKNOWN),
        "Where" | "CastLike" => of(1),
        "OneHot" => of(2),
        "DequantizeLinear" => of(1),
        "Constant" | "ConstantOfShape" => match node.tensor("value") {
            Some(value) => tensor(wire, value)?.1.element,
            None if node.kind == "ConstantOfShape" || node.number("value_float").is_some() => FLOAT,
            None if !node.integers("value_int").is_empty() || !node.integers("value_ints").is_empty() => INT64,
            None => UNKNOWN,
        },
        "RandomNormal" | "RandomUniform" => given("dtype").unwrap_or(FLOAT),
        "RandomNormalLike" | "RandomUniformLike" | "EyeLike" => given("dtype").unwrap_or(of(0)),
        "MaxPool" | "Dropout" if output > 0 => UNKNOWN,
        _ if is_in(ALIKE, node) => of(0),
        _ => UNKNOWN,
    })
}

/// Refuses a division of integers by what may be 0, or -1: of the smallest integer, that has no result.
pub fn check_division(node: &Node, inputs: &[Fact]) -> Result<()> {
    let (true, [a, b]) = (node.is("", "Div") || node.is("", "Mod"), inputs) else { return Ok(()) };
    let element = if a.element == UNKNOWN { b.element } else { a.element };
    if FLOATS.contains(&element) {
        return Ok(());
    }
    match b.constant.as_ref().and_then(|constant| constant.numbers.as_ref()) {
        Some(numbers) if numbers.iter().all(|number| *number != 0.0 && *number != -1.0) => Ok(()),
        Some(numbers) => bail!(ModelInvalid, "a node {} divides integers by {numbers:?}", node.kind),
        None => bail!(
            ModelUnsupported,
            "a node {} divides integers, or what may be such, by what is known at its run alone; expected a constant",
            node.kind
        ),
    }
}
