//! A model directory that is damaged is refused with a status of its own and a text that names the
//! file; nothing crashes, and a good directory loads afterwards.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::ffi::CString;
use std::fs;
use std::path::Path;
use std::ptr;

use common::c::{self, last_error, ok};
use common::load::{load, refused};
use common::model::{original, ModelCopy};
use scumble::ffi::*;
use scumble::{Context, Device, Generation, Places, Preview, Prompt, Request, Status, Texts};

const MODELS: [&str; 3] = ["text_encoder/model.onnx", "unet/model.onnx", "vae_decoder/model.onnx"];

#[test]
fn a_directory_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    refused(
        &folder.path().join("nothing"),
        Status::ModelNotFound,
        &["nothing\" does not exist", "expected a directory"],
    );
    refused(&original("model_index.json"), Status::ModelNotFound, &["model_index.json\" is a file"]);
    refused(folder.path(), Status::ModelIncomplete, &["text_encoder/model.onnx, unet/model.onnx, vae_decoder/model"]);
}

#[test]
fn a_part_that_is_missing() {
    for part in
        MODELS.into_iter().chain(["tokenizer/tokenizer_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt"])
    {
        refused(ModelCopy::new().remove(part).path(), Status::ModelIncomplete, &[part]);
    }
    for folder in ["text_encoder", "unet", "vae_decoder", "tokenizer"] {
        refused(ModelCopy::new().remove(folder).path(), Status::ModelIncomplete, &[folder]);
    }
}

/// What is not needed may be missing.
#[test]
fn a_part_that_is_not_needed() {
    let copy = ModelCopy::new();
    for name in ["model_index.json", "scumble.json", "scheduler", "vae_encoder", "tokenizer/special_tokens_map.json"] {
        copy.remove(name);
    }
    assert_eq!(load(copy.path()).0, Status::Ok);
}

/// Python writes `-Infinity` where JSON has no word; diffusers does so for every DPM-Solver.
#[test]
fn a_scheduler_file_that_is_not_quite_json() {
    let saved = include_str!("reference/golden/scheduler_config.json");
    assert_eq!(load(ModelCopy::new().write("scheduler/scheduler_config.json", saved).path()).0, Status::Ok);
}

/// Editors on Windows put a byte order mark before a file, and Python writes whole numbers that were floats.
#[test]
fn files_as_windows_and_python_write_them() {
    for file in [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "scumble.json",
        "text_encoder/config.json",
        "tokenizer/tokenizer_config.json",
        "tokenizer/special_tokens_map.json",
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
        "unet/config.json",
        "vae_decoder/config.json",
    ] {
        let copy = ModelCopy::new();
        let text = fs::read_to_string(original(file)).unwrap().replace('\n', "\r\n");
        copy.write(file, format!("\u{FEFF}{text}"));
        let (status, text) = load(copy.path());
        assert!(status == Status::Ok, "{file}: {status:?} ({text})");
    }
    for (file, from, to) in [
        ("scheduler/scheduler_config.json", "\"num_train_timesteps\": 1000", "\"num_train_timesteps\": 1000.0"),
        ("scheduler/scheduler_config.json", "\"steps_offset\": 1", "\"steps_offset\": 1.0, \"more\":-Infinity"),
        ("text_encoder/config.json", "\"max_position_embeddings\": 24", "\"max_position_embeddings\":24.0,\"n\":NaN"),
        ("unet/config.json", "\"sample_size\": 16", "\"sample_size\": 1.6e1, \"n\": [NaN, Infinity]"),
        ("scumble.json", "\"steps\": 20", "\"steps\": 20.0"),
        ("tokenizer/tokenizer_config.json", "\"model_max_length\": 24", "\"model_max_length\": Infinity"),
        ("tokenizer/vocab.json", "\"!\": 0", "\"!\": 0.0"),
    ] {
        let copy = ModelCopy::new();
        copy.replace(file, from, to);
        let info = Context::open(Places::at(copy.path()), Device::default()).unwrap().wait(None).unwrap().info;
        let found = (info.scheduler.train_timesteps(), info.width, info.token_limit, info.defaults.steps);
        assert_eq!(found, (1000, 64, 24, 20), "{file}: {to}");
    }
    let nan = ModelCopy::new();
    nan.replace("scheduler/scheduler_config.json", "\"beta_end\": 0.012", "\"beta_end\": NaN");
    refused(nan.path(), Status::ModelInvalid, &["scheduler_config.json", "\"NaN\""]);
}

#[test]
fn a_git_lfs_pointer() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    for file in MODELS.into_iter().chain(["tokenizer/vocab.json", "tokenizer/merges.txt"]) {
        refused(ModelCopy::new().write(file, pointer).path(), Status::ModelIsPointer, &[file, "git lfs pull"]);
    }
}

#[test]
fn a_model_that_is_damaged() {
    for file in MODELS {
        let whole = fs::read(original(file)).unwrap();
        let garbage = vec![0x5A; 4096];
        let damaged = [
            (&whole[..whole.len() / 2], "is damaged or cut off"),
            (&garbage, "is damaged or cut off"),
            (&[], "is empty"),
        ];
        for (content, words) in damaged {
            refused(ModelCopy::new().write(file, content).path(), Status::ModelInvalid, &[file, words]);
        }
    }
}

/// Each model in the place of another: the names of inputs and outputs tell.
#[test]
fn models_that_are_swapped() {
    for (place, (other, expected)) in MODELS.into_iter().zip([
        (MODELS[1], "text_encoder: no input is named input_ids; found sample ("),
        (MODELS[2], "unet: no input is named sample; found latent_sample ("),
        (MODELS[0], "vae_decoder: no input is named latent_sample or latent; found input_ids ("),
    ]) {
        let copy = ModelCopy::new();
        copy.write(place, fs::read(original(other)).unwrap());
        refused(copy.path(), Status::ModelUnsupported, &[expected]);
    }
}

#[test]
fn json_that_cannot_be_read() {
    for file in [
        "scheduler/scheduler_config.json",
        "scumble.json",
        "text_encoder/config.json",
        "unet/config.json",
        "vae_decoder/config.json",
        "tokenizer/tokenizer_config.json",
        "tokenizer/vocab.json",
    ] {
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        for content in ["{\"a\": ", "[1, 2", "null", "\"text\"", "{\"a\": 1} }", "\0\0\0\0", "NaN"] {
            refused(ModelCopy::new().write(file, content).path(), Status::ModelInvalid, &[name]);
        }
        refused(ModelCopy::new().write(file, [0xFF, 0xFE, b'{', b'}']).path(), Status::ModelInvalid, &[name]);
    }
}

/// A value that is replaced within a file, and words of the answer.
type Value = (&'static str, &'static str, &'static str, &'static str);

#[test]
fn values_that_make_no_sense() {
    const SCHEDULER: &str = "scheduler/scheduler_config.json";
    const TEXT: &str = "text_encoder/config.json";
    const UNET: &str = "unet/config.json";
    const VAE: &str = "vae_decoder/config.json";
    const OWN: &str = "scumble.json";
    let values: &[Value] = &[
        (SCHEDULER, "\"num_train_timesteps\": 1000", "\"num_train_timesteps\": 0", "num_train_timesteps is 0"),
        (SCHEDULER, "\"num_train_timesteps\": 1000", "\"num_train_timesteps\": 1", "num_train_timesteps is 1"),
        (SCHEDULER, "\"num_train_timesteps\": 1000", "\"num_train_timesteps\": 1000000000", "is 1000000000; expected"),
        (SCHEDULER, "\"num_train_timesteps\": 1000", "\"num_train_timesteps\": -5", "invalid value: integer `-5`"),
        (SCHEDULER, "\"num_train_timesteps\": 1000", "\"num_train_timesteps\": \"many\"", "invalid type: string"),
        (SCHEDULER, "\"beta_end\": 0.012", "\"beta_end\": -0.012", "betas must"),
        (SCHEDULER, "\"beta_end\": 0.012", "\"beta_end\": 1e300", "betas must"),
        (SCHEDULER, "\"beta_start\": 0.00085", "\"beta_start\": -1", "betas must"),
        (SCHEDULER, "\"trained_betas\": null", "\"trained_betas\": []", "betas must"),
        (SCHEDULER, "\"trained_betas\": null", "\"trained_betas\": [0.1, 2.0, 0.1]", "betas must"),
        (SCHEDULER, "\"steps_offset\": 1", "\"steps_offset\": 1000", "steps_offset is 1000"),
        (SCHEDULER, "\"clip_sample\": false", "\"clip_sample_range\": -1", "clip_sample_range is -1"),
        (SCHEDULER, "\"clip_sample\": false", "\"prediction_type\": \"magic\"", "unknown variant `magic`"),
        (TEXT, "\"max_position_embeddings\": 24", "\"max_position_embeddings\": 0", "max_position_embeddings is 0"),
        (TEXT, "\"max_position_embeddings\": 24", "\"max_position_embeddings\": 2", "max_position_embeddings is 2"),
        (TEXT, "\"max_position_embeddings\": 24", "\"max_position_embeddings\": 99999", "is 99999; expected"),
        (UNET, "\"sample_size\": 16", "\"sample_size\": 0", "sample_size is"),
        (UNET, "\"sample_size\": 16", "\"sample_size\": 4096", "sample_size is"),
        (UNET, "\"sample_size\": 16", "\"sample_size\": [16]", "data did not match"),
        (UNET, "\"in_channels\": 4", "\"in_channels\": 9", "in_channels is 9, but sample ("),
        (VAE, "\"scaling_factor\": 0.5107108950614929", "\"scaling_factor\": 0", "scaling_factor is 0"),
        (VAE, "\"scaling_factor\": 0.5107108950614929", "\"scaling_factor\": -1.5", "scaling_factor is -1.5"),
        (VAE, "\"scaling_factor\": 0.5107108950614929", "\"scaling_factor\": 1e60", "scaling_factor is inf"),
        (OWN, "\"steps\": 20", "\"steps\": 0", "scumble.json: steps is 0"),
        (OWN, "\"steps\": 20", "\"steps\": 1001", "scumble.json: steps is 1001"),
        (OWN, "\"guidance_scale\": 4.0", "\"guidance_scale\": -1", "scumble.json: guidance_scale is -1"),
        (OWN, "\"scheduler\": \"dpmpp_2m\"", "\"scheduler\": \"magic\"", "scumble.json: scheduler is \"magic\""),
        (OWN, "\"steps\": 20", "\"stepz\": 20", "unknown field `stepz`"),
        (OWN, "[-0.1127, 0.1697, 0.1575],", "", "latent_rgb has 4 rows; expected 5"),
        (OWN, "[-0.1127, 0.1697, 0.1575]", "[-0.1127, 1e60, 0.1575]", "finite"),
        (OWN, "[-0.1127, 0.1697, 0.1575]", "[-0.1127, 0.1697]", "invalid length"),
    ];
    for (file, from, to, words) in values {
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        refused(ModelCopy::new().replace(file, from, to).path(), Status::ModelInvalid, &[name, words]);
    }
    for blocks in ["[]", "[1, 2, 3, 4, 5, 6, 7, 8]"] {
        let config = format!("{{\"scaling_factor\": 0.5, \"block_out_channels\": {blocks}}}");
        refused(ModelCopy::new().write(VAE, config).path(), Status::ModelInvalid, &[VAE, "block_out_channels has"]);
    }
    let large = ModelCopy::new();
    large.replace(UNET, "\"sample_size\": 16", "\"sample_size\": 1024");
    large.write(VAE, "{\"block_out_channels\": [1, 2, 3, 4, 5]}");
    refused(large.path(), Status::ModelInvalid, &["sample_size makes images of 16384 × 16384"]);
}

/// As in diffusers, the class that `model_index.json` names counts, and not the file's own.
#[test]
fn the_class_of_the_scheduler() {
    let index = |class: &str| format!("{{\"scheduler\": [\"diffusers\", {class}]}}");
    for class in ["FlowMatchEulerDiscreteScheduler", "EDMEulerScheduler", "SASolverScheduler", "NoSuchScheduler"] {
        let model = ModelCopy::new();
        model.write("model_index.json", index(&format!("\"{class}\"")));
        refused(model.path(), Status::ModelUnsupported, &["model_index.json", &format!("class is \"{class}\"")]);
        let model = ModelCopy::new();
        model.write("model_index.json", "{}");
        let file = format!("{{\"_class_name\": \"{class}\"}}");
        model.write("scheduler/scheduler_config.json", file);
        refused(model.path(), Status::ModelUnsupported, &["scheduler_config.json", &format!("class is \"{class}\"")]);
    }
    let model = ModelCopy::new();
    model.write("model_index.json", r#"{"scheduler": "PNDMScheduler"}"#);
    refused(model.path(), Status::ModelInvalid, &["model_index.json", "invalid type: string"]);
    let model = ModelCopy::new();
    model.write("model_index.json", index("null"));
    assert_eq!(load(model.path()).0, Status::Ok);
    model.write("model_index.json", index("\"HeunDiscreteScheduler\"")).write("scumble.json", "{}");
    assert_eq!(scheduler_of(model.path()), "heun");
}

/// The scheduler that a generation has where nobody names one.
fn scheduler_of(path: &Path) -> String {
    let context = Context::open(Places::at(path), Device::default()).unwrap();
    context.wait(None).unwrap();
    let prompt = Prompt::create(&context, Texts::of("a fox"), false).unwrap();
    let generation = Generation::create(&prompt, &Request::default(), &Preview::default()).unwrap();
    generation.plan().sampler.name().to_owned()
}

/// What is understood, and cannot be done.
#[test]
fn models_of_another_kind() {
    for (file, from, to, words) in [
        ("unet/config.json", "\"out_channels\": 4", "\"out_channels\": 3", "takes 4 channels and gives 3"),
        ("scheduler/scheduler_config.json", "\"scaled_linear\"", "\"cubic\"", "beta_schedule is \"cubic\""),
    ] {
        refused(ModelCopy::new().replace(file, from, to).path(), Status::ModelUnsupported, &[words]);
    }
}

/// A directory that says it is SDXL, and has half of it.
#[test]
fn a_second_text_encoder_without_the_rest() {
    let half = ModelCopy::new();
    half.write("text_encoder_2/config.json", "{}");
    refused(half.path(), Status::ModelIncomplete, &["tokenizer_2"]);
}

#[test]
fn a_vocabulary_that_does_not_fit() {
    let vocabulary = "tokenizer/vocab.json";
    for token in ["<|startoftext|>", "<|endoftext|>"] {
        let copy = ModelCopy::new();
        copy.replace(vocabulary, token, "something else");
        refused(copy.path(), Status::ModelInvalid, &["vocab.json", token, "is not in the vocabulary"]);
    }
    for ids in ["{\"a\": -1}", "{\"a\": \"b\"}", "{\"a\": 1e30}", "{\"a\": 99999999999}"] {
        refused(ModelCopy::new().write(vocabulary, ids).path(), Status::ModelInvalid, &["vocab.json"]);
    }
    for merges in ["a\n", "a b c\n", "xyzzy plugh\n", "PK\u{3}\u{4} not a text file\n"] {
        refused(ModelCopy::new().write("tokenizer/merges.txt", merges).path(), Status::ModelInvalid, &["merges.txt"]);
    }
    let whole = ModelCopy::new();
    whole.write("tokenizer/tokenizer.json", "{\"version\": \"1.0\", \"model\": {\"type\": \"Unheard\"}}");
    refused(whole.path(), Status::ModelUnsupported, &["tokenizer.json", "type is \"Unheard\"; expected \"BPE\""]);
}

/// A token that the text encoder does not have shows when it is used, as an error.
#[test]
fn a_vocabulary_of_another_encoder() {
    let copy = ModelCopy::new();
    copy.replace("tokenizer/vocab.json", "\"red</w>\": ", "\"red</w>\": 9");
    let (status, text) = paint(copy.path());
    assert!(status == Status::RuntimeFailed && text.contains("text_encoder: ONNX Runtime"), "{status:?} ({text})");
}

/// The shorter of two limits counts.
#[test]
fn a_token_limit_beyond_the_tokenizers() {
    let copy = ModelCopy::new();
    copy.replace("text_encoder/config.json", "\"max_position_embeddings\": 24", "\"max_position_embeddings\": 77");
    assert_eq!(paint(copy.path()).0, Status::Ok);
}

/// What painting with this directory ends with, and its text.
fn paint(path: &Path) -> (Status, String) {
    let path = CString::new(path.to_str().unwrap()).unwrap();
    let mut desc = c::desc(scumble_context_desc_init);
    desc.model_path = path.as_ptr();
    let mut context = ptr::null_mut();
    ok(unsafe { scumble_context_create(&desc, &mut context) });
    let loaded = unsafe { scumble_context_wait(context, -1) };
    if loaded != Status::Ok {
        return (loaded, last_error());
    }
    let prompt = c::prompt(context, 0);
    let generation = c::generation(prompt, |desc| desc.steps = 1);
    ok(unsafe { scumble_generation_start(generation) });
    let painted = unsafe { scumble_generation_wait(generation, -1) };
    (painted, last_error())
}

/// A variant is a folder within the parts; parts that have only one keep it.
#[test]
fn variants() {
    let copy = ModelCopy::new();
    copy.write("unet/fp16/model.onnx", "damaged");
    let variant = |name: &str| {
        let path = CString::new(copy.path().to_str().unwrap()).unwrap();
        let name = CString::new(name).unwrap();
        let mut desc = c::desc(scumble_context_desc_init);
        (desc.model_path, desc.variant) = (path.as_ptr(), name.as_ptr());
        let mut context = ptr::null_mut();
        ok(unsafe { scumble_context_create(&desc, &mut context) });
        (unsafe { scumble_context_wait(context, -1) }, last_error())
    };
    copy.write("vae_decoder/model_quantized.onnx", "damaged").write("text_encoder/model.int8.onnx", "damaged");
    assert_eq!(load(copy.path()).0, Status::Ok, "what lies in the part itself comes first");
    for (name, file) in [
        ("quantized", "vae_decoder/model_quantized.onnx"),
        ("model_quantized", "vae_decoder/model_quantized.onnx"),
        ("model_quantized.onnx", "vae_decoder/model_quantized.onnx"),
        ("int8", "text_encoder/model.int8.onnx"),
    ] {
        let (status, text) = variant(name);
        assert!(status == Status::ModelInvalid && text.contains(file), "{name}: {status:?} ({text})");
    }
    let (status, text) = variant("fp16");
    assert!(status == Status::ModelInvalid && text.contains("unet/fp16/model.onnx"), "{status:?} ({text})");
    let (status, text) = variant("int4");
    assert!(status == Status::InvalidArgument && text.contains("variant is \"int4\""), "{status:?} ({text})");
    assert!(text.contains("unet/fp16/model.onnx") && text.contains("vae_decoder/model_quantized.onnx"), "{text}");
}

/// Files that other exporters name otherwise are told, and the variant takes them.
#[test]
fn files_of_other_names() {
    let renamed = |from: &str, to: &str| {
        let copy = ModelCopy::new();
        copy.write(to, fs::read(copy.path().join(from)).unwrap()).remove(from);
        copy
    };
    let load = |copy: &ModelCopy, variant: Option<&str>| {
        let places = Places { variant: variant.map(str::to_owned), ..Places::at(copy.path()) };
        Context::open(places, Device::default()).unwrap().wait(None).map(drop)
    };
    for (file, variant) in [
        ("unet/model_fp16.onnx", "fp16"),
        ("unet/model_quantized.onnx", "quantized"),
        ("unet/onnx/model.onnx", "onnx"),
        ("unet/unet.onnx", "unet"),
    ] {
        let copy = renamed("unet/model.onnx", file);
        let error = load(&copy, None).unwrap_err();
        assert_eq!(error.status(), Status::ModelIncomplete);
        let text = error.to_string();
        assert!(
            text.contains("lacks unet/model.onnx;") && text.contains(&format!("There are {file}: variant")),
            "{text}"
        );
        load(&copy, Some(variant)).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    let flat = renamed("unet/model.onnx", "stable-diffusion-unet.onnx");
    refused(flat.path(), Status::ModelIncomplete, &["There are stable-diffusion-unet.onnx: each part needs a folder"]);
}

/// Another pipeline is named, rather than what it has not.
#[test]
fn models_of_other_pipelines() {
    let index = |class: &str| format!("{{\"_class_name\": \"{class}\"}}");
    for class in ["StableDiffusion3Pipeline", "FluxPipeline", "PixArtAlphaPipeline", "QwenImagePipeline"] {
        let copy = ModelCopy::new();
        copy.write("model_index.json", index(class)).write("transformer/model.onnx", "").remove("unet");
        let named = format!("model_index.json names the pipeline \"{class}\"");
        refused(copy.path(), Status::ModelUnsupported, &[named.as_str(), "lacks unet/model.onnx", "transformer/"]);
    }
    for class in ["ORTStableDiffusionXLImg2ImgPipeline", "OnnxStableDiffusionPipeline", "SomebodysPipeline"] {
        assert_eq!(load(ModelCopy::new().write("model_index.json", index(class)).path()).0, Status::Ok, "{class}");
    }
    let upscaler = ModelCopy::new();
    upscaler.write("model_index.json", index("StableDiffusionUpscalePipeline"));
    upscaler.replace("unet/config.json", "\"out_channels\": 4", "\"out_channels\": 3");
    refused(upscaler.path(), Status::ModelUnsupported, &["\"StableDiffusionUpscalePipeline\"", "gives 3"]);
}
