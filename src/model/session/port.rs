//! Inputs and outputs of a session. Names, ranks and element types differ from exporter to exporter,
//! so they are read from the session, and this file converts.

use half::{bf16, f16};
use ndarray::{Array2, ArrayD, ArrayViewD, IxDyn};
use ort::value::{DynValue, Outlet, Tensor, TensorElementType, ValueType};

use super::failure::runtime_error;
use crate::error::{bail, Result};
use crate::memory;
use crate::runtime::Place;

/// An input or an output: its name, element type and shape.
#[derive(Clone, Debug)]
pub struct Port {
    pub name: String,
    pub element: TensorElementType,
    /// Dimensions; -1 where they are free.
    pub shape: Vec<i64>,
    /// What the model calls them; empty where they have no name.
    pub names: Vec<String>,
}

impl Port {
    /// One of a graph of our own, whose dimensions have no names.
    pub fn new(name: impl Into<String>, element: TensorElementType, shape: Vec<i64>) -> Self {
        Self { name: name.into(), element, shape, names: Vec::new() }
    }

    /// The tensors among a session's inputs or outputs.
    pub fn list(outlets: &[Outlet]) -> Vec<Self> {
        let port = |outlet: &Outlet| match outlet.dtype() {
            ValueType::Tensor { ty, shape, dimension_symbols } => Some(Self {
                name: outlet.name().to_owned(),
                element: *ty,
                shape: shape.to_vec(),
                names: dimension_symbols.to_vec(),
            }),
            _ => None,
        };
        outlets.iter().filter_map(port).collect()
    }

    /// The size of a dimension, where the model fixes it.
    pub fn fixed(&self, axis: usize) -> Option<usize> {
        self.shape.get(axis).and_then(|size| usize::try_from(*size).ok()).filter(|size| *size > 0)
    }

    /// Takes or gives float32 in the place of float16, as its graph does once it is widened.
    pub fn widen(&mut self) {
        if self.element == TensorElementType::Float16 {
            self.element = TensorElementType::Float32;
        }
    }

    /// Whether it takes or gives whole numbers alone.
    pub fn is_whole(&self) -> bool {
        matches!(self.element, TensorElementType::Int64 | TensorElementType::Int32)
    }

    /// Refuses an input that [`Port::tensor`] could not make.
    pub fn check_input(&self) -> Result<()> {
        use TensorElementType::*;
        match self.element {
            Float32 | Float16 | Bfloat16 | Float64 | Int64 | Int32 => Ok(()),
            _ => bail!(ModelUnsupported, "the input {} takes no numbers that can be given", self.describe()),
        }
    }

    /// Refuses an output that [`Port::read`] could not read.
    pub fn check_output(&self) -> Result<()> {
        use TensorElementType::*;
        match self.element {
            Float32 | Float16 | Bfloat16 | Float64 => Ok(()),
            _ => bail!(ModelUnsupported, "the output {} gives no floating-point numbers", self.describe()),
        }
    }

    /// A tensor of numbers in the element type that the port takes.
    pub fn tensor(&self, values: ArrayViewD<f32>) -> Result<DynValue> {
        let converted = match self.element {
            TensorElementType::Float32 => Tensor::from_array(memory::copy(values)?).map(|t| t.into_dyn()),
            TensorElementType::Float16 => {
                Tensor::from_array(memory::map(values, |v| f16::from_f32(*v))?).map(|t| t.into_dyn())
            }
            TensorElementType::Bfloat16 => {
                Tensor::from_array(memory::map(values, |v| bf16::from_f32(*v))?).map(|t| t.into_dyn())
            }
            TensorElementType::Float64 => {
                Tensor::from_array(memory::map(values, |v| f64::from(*v))?).map(|t| t.into_dyn())
            }
            TensorElementType::Int64 => Tensor::from_array(memory::map(values, |v| *v as i64)?).map(|t| t.into_dyn()),
            TensorElementType::Int32 => Tensor::from_array(memory::map(values, |v| *v as i32)?).map(|t| t.into_dyn()),
            other => bail!(ModelUnsupported, "the input {} takes {other}; expected numbers", self.name),
        };
        converted.map_err(|error| runtime_error(&self.name, Place::cpu(), &error))
    }

    /// A tensor of token ids in the element type that the port takes.
    pub fn ids(&self, ids: Array2<u32>) -> Result<DynValue> {
        let converted = match self.element {
            TensorElementType::Int64 => Tensor::from_array(ids.mapv(i64::from)).map(|t| t.into_dyn()),
            _ => return self.tensor(ids.mapv(|id| id as f32).into_dyn().view()),
        };
        converted.map_err(|error| runtime_error(&self.name, Place::cpu(), &error))
    }

    /// One number in the rank that the port takes: a scalar or a vector.
    pub fn scalar(&self, value: f64) -> Result<DynValue> {
        let shape = match self.shape.as_slice() {
            [] => vec![],
            [_] => vec![self.fixed(0).unwrap_or(1)],
            more => bail!(ModelUnsupported, "the input {} has shape {more:?}; expected one number", self.name),
        };
        self.tensor(ArrayD::from_elem(IxDyn(&shape), value as f32).view())
    }

    /// The same number for each of a batch, where the port takes as many as `batched`, and one otherwise.
    pub fn scalar_of_batch(&self, value: f64, batched: &Port, batch: usize) -> Result<DynValue> {
        match self.names.first() {
            Some(name) if !name.is_empty() && batched.names.first() == Some(name) => {
                self.tensor(ArrayD::from_elem(IxDyn(&[batch]), value as f32).view())
            }
            _ => self.scalar(value),
        }
    }

    /// An output's values as f32.
    pub fn read(&self, value: &DynValue) -> Result<ArrayD<f32>> {
        let fail = |error| runtime_error(&self.name, Place::cpu(), &error);
        match self.element {
            TensorElementType::Float16 => memory::map(value.try_extract_array::<f16>().map_err(fail)?, |v| v.to_f32()),
            TensorElementType::Bfloat16 => {
                memory::map(value.try_extract_array::<bf16>().map_err(fail)?, |v| v.to_f32())
            }
            TensorElementType::Float64 => memory::map(value.try_extract_array::<f64>().map_err(fail)?, |v| *v as f32),
            _ => memory::copy(value.try_extract_array::<f32>().map_err(fail)?),
        }
    }

    /// As messages show it.
    pub fn describe(&self) -> String {
        format!("{} ({} {:?})", self.name, self.element, self.shape)
    }
}
