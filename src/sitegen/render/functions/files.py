"""`get_hash`, `get_image_metadata`, `load_data`, `resize_image`: the files of the site."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import jinja2

from sitegen.base.address import permalink
from sitegen.model import Artifact, SiteConfig
from sitegen.render.data import load_data
from sitegen.render.images import describe_image, image_key, image_path, make_image, plan_image
from sitegen.render.lookup import find_file, need_file
from sitegen.storage.images import keep_image


def of_files(config: SiteConfig, made: dict[str, Artifact]) -> dict[str, Callable[..., Any]]:
    """The functions for a site. Images that they make go to `made`.

    What was asked once is not read again: a theme asks for the same files on every page.
    """

    def get_hash(
        path: str | None = None,
        literal: str | None = None,
        sha_type: int = 384,
        base64: bool = True,
    ) -> str:
        if (path is None) == (literal is None):
            raise jinja2.TemplateRuntimeError("`get_hash`: say either `path` or `literal`")
        if sha_type not in (256, 384, 512):
            raise jinja2.TemplateRuntimeError("`get_hash`: `sha_type` is 256, 384 or 512")
        data = (
            str(literal).encode()
            if path is None
            else need_file(config, path, "get_hash").read_bytes()
        )
        return _hash(data, sha_type, as_base64=base64)

    def get_image_metadata(path: str, allow_missing: bool = False) -> Any:
        file = find_file(config, path, "get_image_metadata") if allow_missing else None
        if allow_missing and file is None:
            return None
        return describe_image(file or need_file(config, path, "get_image_metadata"))

    def resize_image(
        path: str,
        width: int | None = None,
        height: int | None = None,
        op: str = "fill",
        format: str = "auto",
        quality: int | None = None,
        speed: int | None = None,
        filter: str | None = None,
    ) -> Mapping[str, Any]:
        source = need_file(config, path, "resize_image")
        operation, original, size = plan_image(source, op, width, height, format, quality)
        key = image_key(source, operation)
        published = image_path(source, operation, key)
        if published not in made:
            suffix = f".{operation.format}"
            file = keep_image(
                config.root, key, suffix, partial(make_image, source, operation, size)
            )
            made[published] = Artifact(published, file, f"an image made of {source.name}")
        return {
            "url": permalink(config.base_url, f"/{published}"),
            "static_path": f"static/{published}",
            "width": size.width,
            "height": size.height,
            "orig_width": original.width,
            "orig_height": original.height,
        }

    return {
        "get_hash": cache(get_hash),
        "get_image_metadata": cache(get_image_metadata),
        "load_data": cache(partial(load_data, config)),
        "resize_image": cache(resize_image),
    }


def _hash(data: bytes, bits: int, *, as_base64: bool) -> str:
    digest = hashlib.new(f"sha{bits}", data)
    return base64.b64encode(digest.digest()).decode() if as_base64 else digest.hexdigest()
