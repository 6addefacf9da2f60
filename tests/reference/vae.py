"""Pictures of txt2img put back through the autoencoder's encoder: where image-to-image begins."""

from golden import write_entries, write_tensors

PICTURES = ["dpmpp_2m-apple-7", "dpmpp_2m-wide"]


def make(out, pipe, pictures):
    tensors = {}
    for name in PICTURES:
        pixels = pictures[name].permute(2, 0, 1)[None].float() / 127.5 - 1
        posterior = pipe.vae.encode(pixels).latent_dist
        tensors |= {f"{name}.mean": posterior.mean[0], f"{name}.logvar": posterior.logvar[0]}
    write_entries(out, "vae", [{"name": name} for name in PICTURES])
    write_tensors(out, "vae", tensors)
