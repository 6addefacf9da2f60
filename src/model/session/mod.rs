//! Sessions: what ONNX Runtime is told, and what its errors mean.

pub mod component;
pub mod failure;
pub mod loaded;
mod making;
mod pool;
pub mod port;
pub mod recording;
pub mod values;

use std::fs::DirEntry;
use std::io::Cursor;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;

use memmap2::MmapMut;
use ort::environment::Environment;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::Session;

use super::graph::seamless::{self, Seamless};
use super::graph::{channels, norms, proto, timestep, widen, GRAPH};
use super::options::{Options, Weights};
use super::scan::{self, Checksums, Extents, Scanned, WeightBytes};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::files;
use crate::memory;
use crate::runtime::{self, Making, Provider};
use failure::runtime_error;
use pool::Pool;
use recording::Sizes;

/// Where a graph that is loaded from memory has its external data.
const EXTERNAL_FOLDER: &str = "session.model_external_initializers_file_folder_path";

/// The largest constant that ONNX Runtime computes while it loads a graph (from its version 1.27 on).
const LARGEST_FOLDED: &str = "optimization.constant_folding_max_output_size_in_bytes";

/// An ONNX file of a model directory.
#[derive(Clone)]
pub struct Source {
    /// What it is, in messages.
    pub what: &'static str,
    /// The file.
    pub path: PathBuf,
    /// Along which axes its graph is to wrap around.
    pub seamless: Seamless,
    /// Whether it is to make tiles of a picture: normalised as it is told, and never wrapping around.
    pub in_tiles: bool,
    /// Whether it is to compute in float32 what its graph computes in float16.
    pub widened: bool,
    /// The input that is to take float32, though its graph says that it takes whole numbers or float16.
    pub fractional: Option<&'static str>,
    /// Tensors within its graph that are to be outputs too.
    pub more_outputs: Vec<String>,
    /// The sizes of its inputs, if its runs are to be recorded.
    pub recorded: Option<Sizes>,
    /// What the scan found.
    scanned: Scanned,
    /// Of what was copied when it was first loaded.
    checksums: Option<Arc<Checksums>>,
}

impl Source {
    /// A file as it is, and was when it was scanned.
    pub fn new(path: &Path, what: &'static str, scanned: Scanned) -> Self {
        // It may be opened again, when the host has gone to another folder.
        let path = path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (seamless, more_outputs) = (Seamless::default(), Vec::new());
        Self {
            what,
            path,
            seamless,
            in_tiles: false,
            widened: false,
            fractional: None,
            more_outputs,
            recorded: None,
            scanned,
            checksums: None,
        }
    }

    /// What its weights take.
    pub fn weights(&self) -> WeightBytes {
        self.scanned.weights
    }

    /// The same, wrapping around as the options say: for a part that makes pictures.
    pub fn tiling(self, options: &Options) -> Self {
        Self { seamless: options.seamless, ..self }
    }

    /// The same, to compute in float32 what its graph computes in float16; none where it computes nothing in that,
    /// or is so already.
    pub fn widen(&self) -> Result<Option<Self>> {
        if self.widened {
            return Ok(None);
        }
        let graph = self.read(scan::Weights::InMemory { path: &self.path, extents: &mut Extents::default() });
        let graph = graph.and_then(|graph| self.changed(graph, Provider::Cpu));
        let widened = graph.and_then(|graph| widen::rewrite(Cursor::new(&graph), graph.len() as u64));
        let is_other = widened.map_err(|error| error.within(self.path.display()))?.is_some();
        Ok(is_other.then(|| Self { widened: true, ..self.clone() }))
    }

    /// Whether it, or something beside it, is a link.
    fn has_links(&self) -> bool {
        let beside = self.path.parent().and_then(|folder| folder.read_dir().ok());
        let is_link = |entry: DirEntry| entry.file_type().is_ok_and(|kind| kind.is_symlink());
        self.path.is_symlink() || beside.is_some_and(|entries| entries.flatten().any(is_link))
    }

    /// Makes a session of the file. It is that which was scanned, or it is refused.
    pub fn open(&mut self, options: &Options, cancel: &Cancel) -> Result<Session> {
        let place = options.place();
        // ONNX Runtime takes no external data from where a link leads: it is told where that is.
        let (path, folder) = match self.has_links() {
            true => {
                let path = self.path.canonicalize().map_err(|error| files::unreadable(&self.path, error))?;
                // Links may lead into several folders: then all is named from where they meet.
                (path.clone(), path.ancestors().last().unwrap_or(&path).to_owned())
            }
            false => (self.path.clone(), self.path.parent().unwrap_or(&self.path).to_owned()),
        };
        let folder = folder.as_path();
        let (graph, weights) = match options.weights {
            Weights::Mapped => (self.mapped(&path, folder)?, memory::pages(0)?),
            _ => self.copied(cancel)?,
        };
        let graph = self.changed(graph, place.provider).map_err(|error| error.within(self.path.display()))?;
        let pool = Pool::start(&options.device.group, options.device.threads)?;
        let (what, recorded, folder) = (self.what, self.recorded.clone(), folder.to_string_lossy().into_owned());
        let (own, folded) = (options.clone(), self.scanned.weights.folded().to_string());
        let build = move || {
            let fix = |builder: SessionBuilder, (name, size): (&String, &i64)| {
                Ok(builder.with_dimension_override(name, *size)?)
            };
            let builder = session_options(runtime::environment()?, &own, recorded.is_some(), pool)
                .and_then(|builder| Ok(builder.with_config_entry(EXTERNAL_FOLDER, folder)?))
                .and_then(|builder| Ok(builder.with_config_entry(LARGEST_FOLDED, folded)?))
                .and_then(|builder| recorded.iter().flatten().try_fold(builder, fix));
            builder.map_err(|error| runtime_error(what, place, &error))
        };
        making::make(&self.path, (graph, weights), options, cancel, build)
    }

    /// The graph, with its weights in their files; `path` and `folder` without links. What is mapped is the file itself,
    /// so it must not have changed.
    fn mapped(&self, path: &Path, folder: &Path) -> Result<Vec<u8>> {
        let within = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
        let (own, links) = (within(path), self.has_links());
        let rename = |location: String| {
            let real = links.then(|| self.path.with_file_name(&location).canonicalize().ok()).flatten();
            real.map_or(location, |real| within(&real))
        };
        let graph = self.read(scan::Weights::InFiles { own: &own, rename: &rename })?;
        self.scanned.files.check()?;
        Ok(graph)
    }

    /// The graph, and its weights in memory.
    fn copied(&mut self, cancel: &Cancel) -> Result<(Vec<u8>, MmapMut)> {
        let (mut extents, mut checksums) = (Extents::default(), Checksums::default());
        let graph = self.read(scan::Weights::InMemory { path: &self.path, extents: &mut extents })?;
        checksums.add(&self.path, &graph);
        let weights = extents.read(&self.path, &mut checksums, cancel)?;
        match &self.checksums {
            Some(first) => checksums.check(first)?,
            None => {
                self.scanned.files.check()?;
                self.checksums = Some(Arc::new(checksums));
            }
        }
        Ok((graph, weights))
    }

    /// The file's graph.
    fn read(&self, weights: scan::Weights) -> Result<Vec<u8>> {
        let file = files::open(&self.path)?;
        let length = file.metadata().map_err(files::reading_failed).map(|found| found.len());
        let graph = length.and_then(|length| scan::without_weights(file, length, weights));
        graph.map_err(|error| error.within(self.path.display()))
    }

    /// The graph with its changes.
    fn changed(&self, mut model: Vec<u8>, provider: Provider) -> Result<Vec<u8>> {
        let scanned = model.as_ptr();
        if self.widened {
            model = widen::rewrite(Cursor::new(&model), model.len() as u64)?.unwrap_or(model);
        }
        if let Some(input) = self.fractional {
            let nodes = scan::nodes(&self.path)?;
            model = timestep::rewrite(Cursor::new(&model), model.len() as u64, input, &nodes)?.unwrap_or(model);
        }
        if provider == Provider::WebGpu {
            model = channels::rewrite(Cursor::new(&model), model.len() as u64)?.unwrap_or(model);
        }
        let length = model.len() as u64;
        if self.in_tiles {
            model = norms::rewrite(Cursor::new(&model), length)?;
        } else if self.seamless != Seamless::default() {
            model = seamless::rewrite(Cursor::new(&model), length, self.seamless)?;
        }
        // What was rewritten is another vector.
        if model.as_ptr() != scanned {
            scan::check_constants(&model, self.scanned.weights)?;
        }
        // Protobuf merges a message that is given twice: this is a graph of nothing but outputs.
        let outputs = self.more_outputs.iter().flat_map(|name| proto::bytes(12, proto::bytes(1, name)));
        proto::append(&mut model, GRAPH, &outputs.collect::<Vec<u8>>())?;
        Ok(model)
    }
}

/// A session of a small graph of our own.
pub fn of_graph(graph: &[u8], options: &Options) -> ort::Result<Session> {
    let environment = runtime::environment().map_err(|error| ort::Error::new(error.to_string()))?;
    let pool = Pool::start(&options.device.group, options.device.threads);
    let pool = pool.map_err(|error| ort::Error::new(error.to_string()))?;
    let (_making, _turn) = (Making::enter(), options.place().turn());
    let mut builder = session_options(environment, options, false, pool)?; // gone before the turn is over
    builder.commit_from_memory(graph)
}

/// Options of every session: the context's own threads, which sleep when there is nothing to do
/// and so leave the host its cores.
fn session_options(
    environment: &Environment,
    options: &Options,
    recorded: bool,
    pool: Pool,
) -> ort::Result<SessionBuilder> {
    // The layout that convolutions are fastest in is a copy of their weights, as are packed matrices.
    let (level, repacks) = match options.weights {
        Weights::Mapped => (GraphOptimizationLevel::Level2, false),
        _ => (GraphOptimizationLevel::All, true),
    };
    let provider_options = match recorded {
        true => options.device.provider_options.clone(),
        false => runtime::without_recording(&options.device.provider_options),
    };
    Ok(options
        .place()
        .attach(
            environment,
            Session::builder(environment)?,
            &provider_options,
            options.memory_budget,
            options.device.threads,
        )?
        .with_optimization_level(level)?
        .with_prepacking(repacks)?
        // The pattern of one run is kept as a second block of memory, as large as all that the first run used.
        .with_memory_pattern(false)?
        .with_intra_threads(options.device.threads)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_thread_manager(pool)?)
}
