//! The size of what a node makes of constants. It is never less than what ONNX Runtime will compute.

use std::io::{Read, Seek};

use super::facts::{is_in, tensor, Constant, Fact, BOOL, FEW, FLOATS};
use super::wire::Wire;
use crate::error::{bail, Result};
use crate::model::graph::node::Node;

/// Outputs have no more numbers than the first input, and often its shape.
const SAME: &str = " Abs BitwiseNot Cast CastLike Ceil Celu Clip Cos CumSum DequantizeLinear Dropout Elu Erf Exp EyeLike \
    Floor Gelu HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN LayerNormalization LeakyRelu Log \
    LogSoftmax LpNormalization Mish Neg Not QuantizeLinear Reciprocal Relu Round Selu Sigmoid Sign Sin Softmax Softplus \
    Softsign Sqrt Tan Tanh ThresholdedRelu Trilu ScatterElements ScatterND ";
const FEWER: &str =
    " ArgMax ArgMin Compress Flatten ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean \
    ReduceMin ReduceProd ReduceSum ReduceSumSquare Reshape Slice Split Squeeze TopK Transpose Unsqueeze DepthToSpace \
    SpaceToDepth ReverseSequence Unique ";
/// Each axis of the output is that of the largest input, or 0.
const BROADCAST: &str =
    " Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual \
    Max Mean Min Mod Mul Or PRelu Pow Sub Sum Where Xor ";
const RANDOM: &str = " Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike ";

/// The size of what a node makes of constants; none where ONNX Runtime leaves it to the run.
pub fn constant<R: Read + Seek>(wire: &mut Wire<R>, node: &Node, inputs: &[Fact]) -> Result<Option<Constant>> {
    let given: Vec<Constant> = inputs.iter().filter_map(|fact| fact.constant.clone()).collect();
    let nothing = Constant::default();
    let first = given.first().unwrap_or(&nothing);
    let numbers = |i: usize| given.get(i).and_then(|constant: &Constant| constant.numbers.clone());
    let product = given.iter().fold(1u64, |product, constant| product.saturating_mul(constant.elements.max(1)));
    let sides = |i: usize| numbers(i).map(|sides| sides.iter().map(|side| side.max(0.0) as u64).collect::<Vec<u64>>());
    let found = match node.kind.as_str() {
        _ if is_in(RANDOM, node) => return Ok(None),
        "Constant" => Some(literal(wire, node)?),
        "Shape" => {
            let shape = given.first().and_then(|constant| constant.shape.clone());
            Some(shape.map_or(Constant::of_elements(FEW), |shape| {
                let numbers: Vec<f64> = shape.iter().map(|side| *side as f64).collect();
                Constant::of_numbers(Some(vec![numbers.len() as u64]), numbers)
            }))
        }
        "Size" | "SequenceLength" => Some(Constant::of_elements(1)),
        // ONNX Runtime computes sequences, but keeps none.
        "SequenceEmpty" => Some(Constant::default()),
        "SequenceConstruct" | "SequenceInsert" => {
            let sum = given.iter().fold(0u64, |sum, constant| sum.saturating_add(constant.elements));
            Some(Constant::of_elements(sum))
        }
        "ConcatFromSequence" | "SequenceAt" | "SequenceErase" | "SplitToSequence" => {
            given.first().map(|first| Constant::of_elements(first.elements))
        }
        "ConstantOfShape" => sides(0).map(|shape| {
            let constant = Constant::of_shape(shape);
            Constant { numbers: filling(wire, node, constant.elements), ..constant }
        }),
        "Expand" => sides(1).map(|sides| broadcast(&[first.clone(), Constant::of_shape(sides)])),
        "Tile" => sides(1).map(|repeats| {
            let times = Constant::of_shape(repeats).elements;
            Constant::of_elements(first.elements.saturating_mul(times))
        }),
        "Range" => match [numbers(0), numbers(1), numbers(2)].map(|number| number.and_then(|n| n.first().copied())) {
            [Some(start), Some(end), Some(step)] if step != 0.0 => {
                let count = ((end - start) / step).ceil().max(0.0) as u64;
                let numbers = (0..count.min(FEW + 1)).map(|i| start + i as f64 * step).collect();
                let known = Constant::of_numbers(Some(vec![count]), numbers);
                Some(Constant { elements: count, ..known })
            }
            _ => None,
        },
        "Pad" => {
            numbers(1).or_else(|| Some(node.integers("pads").iter().map(|pad| *pad as f64).collect())).map(|pads| {
                let more = pads
                    .iter()
                    .fold(1u64, |product, pad| product.saturating_mul((pad.max(0.0) as u64).saturating_add(1)));
                let shape = first.shape.as_ref().filter(|shape| pads.len() == 2 * shape.len()).map(|shape| {
                    let padded =
                        |(i, side): (usize, &u64)| (*side as f64 + pads[i] + pads[i + shape.len()]).max(0.0) as u64;
                    shape.iter().enumerate().map(padded).collect()
                });
                shape.map_or(Constant::of_elements(first.elements.saturating_mul(more)), Constant::of_shape)
            })
        }
        "Concat" => {
            let all: Option<Vec<Vec<f64>>> = (0..given.len()).map(numbers).collect();
            let sum = given.iter().fold(0u64, |sum, constant| sum.saturating_add(constant.elements));
            let flat = given.iter().all(|constant| constant.shape.as_ref().is_none_or(|shape| shape.len() == 1));
            match all.filter(|_| flat && sum <= FEW) {
                Some(parts) => Some(Constant::of_numbers(Some(vec![sum]), parts.concat())),
                None => Some(Constant { elements: sum, shape: joined(node, &given), numbers: None }),
            }
        }
        "Gather" if given.len() == 2 => Some(gathered(node, first, &given[1])),
        "GatherElements" => given.get(1).map(|indices| Constant { numbers: None, ..indices.clone() }),
        "GatherND" | "MatMul" | "Gemm" => Some(multiplied(node, &given).unwrap_or(Constant::of_elements(product))),
        "OneHot" => numbers(1).and_then(|depth| {
            Some(Constant::of_elements(first.elements.saturating_mul(depth.first()?.max(0.0) as u64)))
        }),
        "NonZero" => Some(Constant::of_elements(first.elements.saturating_mul(8))),
        _ if is_in(SAME, node) => given.first().map(|first| Constant {
            numbers: match node.kind.as_str() {
                "Identity" | "CastLike" => first.numbers.clone(),
                "Cast" => first.numbers.clone().map(|numbers| cast(node, numbers)),
                "Neg" => first.numbers.clone().map(|numbers| numbers.iter().map(|number| -number).collect()),
                "Abs" => first.numbers.clone().map(|numbers| numbers.iter().map(|number| number.abs()).collect()),
                _ => None,
            },
            ..first.clone()
        }),
        _ if is_in(BROADCAST, node) => Some(Constant { numbers: combined(node, &given), ..broadcast(&given) }),
        _ if is_in(FEWER, node) => given.first().map(|first| reshaped(node, first, &given)),
        _ => None,
    };
    match found.filter(|_| node.domain.is_empty()) {
        Some(constant) => Ok(Some(constant)),
        None => bail!(
            ModelUnsupported,
            "the operator {} computes a constant whose size does not show in the graph; expected it computed already",
            node.kind
        ),
    }
}

fn literal<R: Read + Seek>(wire: &mut Wire<R>, node: &Node) -> Result<Constant> {
    if let Some(value) = node.tensor("value") {
        return Ok(tensor(wire, value)?.1.constant.unwrap_or_default());
    }
    let integers = [node.integers("value_int"), node.integers("value_ints")].concat();
    let numbers: Vec<f64> =
        integers.iter().map(|integer| *integer as f64).chain(node.number("value_float").map(f64::from)).collect();
    let count = numbers.len() as u64;
    let is_list = !node.integers("value_ints").is_empty();
    let shape = if is_list { vec![count] } else { Vec::new() };
    Ok(Constant { elements: count.max(1), ..Constant::of_numbers(Some(shape), numbers) })
}

/// The numbers of a `ConstantOfShape`.
fn filling<R: Read + Seek>(wire: &mut Wire<R>, node: &Node, elements: u64) -> Option<Vec<f64>> {
    let value = match node.tensor("value") {
        Some(value) => *tensor(wire, value).ok()?.1.constant?.numbers?.first()?,
        None => 0.0,
    };
    (elements <= FEW).then(|| vec![value; elements as usize])
}

fn cast(node: &Node, numbers: Vec<f64>) -> Vec<f64> {
    match node.integers("to").first() {
        Some(to) if FLOATS.contains(&(*to as i32)) => numbers,
        Some(to) if *to == i64::from(BOOL) => numbers.iter().map(|number| f64::from(*number != 0.0)).collect(),
        _ => numbers.iter().map(|number| number.trunc()).collect(),
    }
}

/// What is computed of few numbers, one for each or one for all.
fn combined(node: &Node, given: &[Constant]) -> Option<Vec<f64>> {
    let all: Vec<&Vec<f64>> = given.iter().map(|constant| constant.numbers.as_ref()).collect::<Option<_>>()?;
    let length = all.iter().map(|numbers| numbers.len()).max()?;
    if all.iter().any(|numbers| numbers.len() != length && numbers.len() != 1) {
        return None;
    }
    let at = |i: usize, k: usize| all[i][k % all[i].len()];
    let truth = f64::from;
    (0..length)
        .map(|k| match (node.kind.as_str(), all.len()) {
            ("Add", 2) => Some(at(0, k) + at(1, k)),
            ("Sub", 2) => Some(at(0, k) - at(1, k)),
            ("Mul", 2) => Some(at(0, k) * at(1, k)),
            // Of integers it may be less, and never is more.
            ("Div", 2) => Some(at(0, k) / at(1, k)).filter(|number| number.fract() == 0.0),
            ("Max", 2) => Some(at(0, k).max(at(1, k))),
            ("Min", 2) => Some(at(0, k).min(at(1, k))),
            ("Equal", 2) => Some(truth(at(0, k) == at(1, k))),
            ("Less", 2) => Some(truth(at(0, k) < at(1, k))),
            ("Greater", 2) => Some(truth(at(0, k) > at(1, k))),
            ("Where", 3) => Some(if at(0, k) != 0.0 { at(1, k) } else { at(2, k) }),
            _ => None,
        })
        .collect()
}

fn broadcast(given: &[Constant]) -> Constant {
    let shapes: Option<Vec<&Vec<u64>>> = given.iter().map(|constant| constant.shape.as_ref()).collect();
    let Some(shapes) = shapes else {
        return Constant::of_elements(given.iter().fold(1u64, |all, one| all.saturating_mul(one.elements.max(1))));
    };
    let rank = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let side = |axis: usize| {
        let of = |shape: &&Vec<u64>| (shape.len() + axis).checked_sub(rank).map_or(1, |i| shape[i]);
        // An axis of 0 stays one.
        shapes.iter().map(of).max_by_key(|side| (*side == 0, *side)).unwrap_or(1)
    };
    Constant::of_shape((0..rank).map(side).collect())
}

/// An axis, counted from the end where it is negative.
fn axis_of(given: i64, rank: usize) -> Option<usize> {
    usize::try_from(if given < 0 { given + rank as i64 } else { given }).ok().filter(|axis| *axis < rank)
}

fn joined(node: &Node, given: &[Constant]) -> Option<Vec<u64>> {
    let shapes: Vec<&Vec<u64>> = given.iter().map(|constant| constant.shape.as_ref()).collect::<Option<_>>()?;
    let mut shape = shapes.first()?.to_vec();
    let axis = axis_of(*node.integers("axis").first()?, shape.len())?;
    shape[axis] = shapes.iter().map(|shape| shape.get(axis).copied().unwrap_or(0)).fold(0, u64::saturating_add);
    Some(shape)
}

fn gathered(node: &Node, data: &Constant, indices: &Constant) -> Constant {
    if let (Some(numbers), Some(picked)) = (&data.numbers, &indices.numbers) {
        let at = |i: &f64| numbers.get(if *i < 0.0 { *i + numbers.len() as f64 } else { *i } as usize).copied();
        let is_list = data.shape.as_ref().is_none_or(|shape| shape.len() == 1);
        if let Some(picked) = picked.iter().map(at).collect::<Option<Vec<f64>>>().filter(|_| is_list) {
            return Constant::of_numbers(indices.shape.clone(), picked);
        }
    }
    let Some(shape) = &data.shape else {
        return Constant::of_elements(data.elements.max(1).saturating_mul(indices.elements));
    };
    let axis = axis_of(node.integers("axis").first().copied().unwrap_or(0), shape.len());
    let (Some(axis), Some(picked)) = (axis, &indices.shape) else {
        return Constant::of_elements(data.elements.max(1).saturating_mul(indices.elements));
    };
    Constant::of_shape([&shape[..axis], picked, &shape[axis + 1..]].concat())
}

/// The shape of a product of matrices.
fn multiplied(node: &Node, given: &[Constant]) -> Option<Constant> {
    let [a, b, ..] = given else { return None };
    let (a, b) = (a.shape.as_ref()?, b.shape.as_ref()?);
    if node.kind != "MatMul" || a.len() < 2 || b.len() < 2 {
        return None;
    }
    let ((a, rows), (b, columns)) = (a.split_at(a.len() - 2), b.split_at(b.len() - 2));
    let batch = broadcast(&[Constant::of_shape(a.to_vec()), Constant::of_shape(b.to_vec())]).shape?;
    Some(Constant::of_shape([batch, vec![rows[0], columns[1]]].concat()))
}

/// What moves or drops numbers.
fn reshaped(node: &Node, first: &Constant, given: &[Constant]) -> Constant {
    let numbers = |i: usize| given.get(i).and_then(|constant| constant.numbers.clone());
    let list = |name: &str, i: usize| {
        let axes = node.integers(name).iter().map(|axis| *axis as f64).collect::<Vec<f64>>();
        if axes.is_empty() {
            numbers(i)
        } else {
            Some(axes)
        }
    };
    let kind = node.kind.as_str();
    let shape = first.shape.as_ref().and_then(|shape| match kind {
        "Transpose" => {
            let perm = node.integers("perm");
            let reversed: Vec<i64> = (0..shape.len() as i64).rev().collect();
            let perm = if perm.is_empty() { &reversed } else { perm };
            perm.iter().map(|axis| shape.get(usize::try_from(*axis).ok()?).copied()).collect()
        }
        "Reshape" => {
            let wanted = list("shape", 1)?;
            let fixed = |(i, side): (usize, &f64)| match *side {
                0.0 => shape.get(i).copied(),
                side if side < 0.0 => Some(1),
                side => Some(side as u64),
            };
            let mut sides = wanted.iter().enumerate().map(fixed).collect::<Option<Vec<u64>>>()?;
            let known = sides.iter().fold(1u64, |product, side| product.saturating_mul(*side)).max(1);
            if let Some(open) = wanted.iter().position(|side| *side < 0.0) {
                sides[open] = first.elements / known;
            }
            Some(sides)
        }
        "Unsqueeze" => {
            let axes = list("axes", 1)?;
            let rank = shape.len() + axes.len();
            let axes: Vec<usize> = axes.iter().map(|axis| axis_of(*axis as i64, rank)).collect::<Option<_>>()?;
            let mut rest = shape.iter();
            (0..rank).map(|axis| if axes.contains(&axis) { Some(1) } else { rest.next().copied() }).collect()
        }
        "Squeeze" => {
            let axes = list("axes", 1).unwrap_or_default();
            let axes: Vec<usize> = axes.iter().map(|axis| axis_of(*axis as i64, shape.len())).collect::<Option<_>>()?;
            let goes = |i: usize, side: u64| side == 1 && (axes.is_empty() || axes.contains(&i));
            Some(shape.iter().enumerate().filter(|(i, side)| !goes(*i, **side)).map(|(_, side)| *side).collect())
        }
        _ if kind.starts_with("Reduce") => {
            let axes = list("axes", 1).unwrap_or_default();
            let axes: Vec<usize> = axes.iter().map(|axis| axis_of(*axis as i64, shape.len())).collect::<Option<_>>()?;
            let kept = node.integers("keepdims") != [0];
            let sides = shape.iter().enumerate().map(|(i, side)| (axes.is_empty() || axes.contains(&i), *side));
            Some(
                sides
                    .filter(|(reduced, _)| kept || !reduced)
                    .map(|(reduced, side)| if reduced { 1 } else { side })
                    .collect(),
            )
        }
        _ => None,
    });
    let known = match kind {
        "Reshape" | "Squeeze" | "Unsqueeze" | "Flatten" => first.numbers.clone(),
        "ReduceProd" => first
            .numbers
            .as_ref()
            .filter(|_| shape.as_ref().is_some_and(|s| s.iter().all(|side| *side == 1)))
            .map(|numbers| vec![numbers.iter().product()]),
        "Slice" => sliced(first, given),
        _ => None,
    };
    let elements = if kind == "TopK" {
        first.elements
    } else {
        shape.as_ref().map_or(first.elements, |shape| Constant::of_shape(shape.clone()).elements.min(first.elements))
    };
    let elements = known.as_ref().map_or(elements, |numbers: &Vec<f64>| numbers.len() as u64);
    let shape = if kind == "Slice" { known.as_ref().map(|numbers| vec![numbers.len() as u64]) } else { shape };
    Constant { elements, shape, numbers: known }
}

/// A part of a list, from one place to another.
fn sliced(first: &Constant, given: &[Constant]) -> Option<Vec<f64>> {
    let numbers = first.numbers.as_ref().filter(|_| first.shape.as_ref().is_none_or(|shape| shape.len() == 1))?;
    let at = |i: usize| given.get(i)?.numbers.as_ref()?.first().copied();
    let place = |place: f64| {
        (if place < 0.0 { place + numbers.len() as f64 } else { place }).clamp(0.0, numbers.len() as f64) as usize
    };
    let (start, end) = (place(at(1)?), place(at(2)?));
    (at(4).is_none_or(|step| step == 1.0) && start <= end).then(|| numbers[start..end].to_vec())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const NAMED: &str = " Constant Shape Size SequenceLength SequenceEmpty SequenceConstruct SequenceInsert \
        ConcatFromSequence SequenceAt SequenceErase SplitToSequence ConstantOfShape Expand Tile Range Pad Concat Gather \
        GatherElements GatherND MatMul Gemm OneHot NonZero Unknown ";

    /// Inputs that are too few, too many, of a wrong rank or of senseless numbers give a size or an error.
    #[test]
    fn any_inputs_of_any_operator() {
        let inputs: Vec<Fact> = [
            Constant::default(),
            Constant::of_elements(u64::MAX),
            Constant::of_shape(vec![]),
            Constant::of_shape(vec![u64::MAX, 0, 3]),
            Constant::of_numbers(Some(vec![0]), vec![]),
            Constant::of_numbers(Some(vec![2, 1]), vec![-1.0, 3.0]),
            Constant::of_numbers(None, vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, -0.0]),
        ]
        .map(|constant| Fact { element: 7, constant: Some(constant) })
        .to_vec();
        for kind in [SAME, FEWER, BROADCAST, RANDOM, NAMED].iter().flat_map(|list| list.split_whitespace()) {
            // A NodeProto that has nothing but the name of its operator.
            let bytes = [&[0x22, kind.len() as u8], kind.as_bytes()].concat();
            let length = bytes.len() as u64;
            let (mut wire, message) = Wire::new(Cursor::new(bytes), length);
            let node = Node::read(&mut wire, message).expect("a node");
            for count in 0..4 {
                for choice in 0..inputs.len().pow(count) {
                    let given = |i: u32| inputs[choice / inputs.len().pow(i) % inputs.len()].clone();
                    let given: Vec<Fact> = (0..count).map(given).collect();
                    let _ = constant(&mut wire, &node, &given);
                }
            }
        }
    }
}
