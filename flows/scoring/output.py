"""Where scores go: a file that appears when it is complete, in the format its name says."""

from __future__ import annotations

import gzip
import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from flows.errors import MarktechoError, UsageError
from flows.files.csv_rows import DELIMITERS
from flows.files.reading import EXTENSIONS, Format, Layout
from flows.private_files import users_umask
from flows.scoring.writers import Writer, csv_writer, json_writer, parquet_writer


def check_output(path: Path, source: Path, *, force: bool) -> tuple[Format, bool]:
    """Tell format and compression by the file's name.

    Raises UsageError for an unknown ending, a missing folder, an existing file (unless `force`), and the input itself.
    """
    is_gzip = path.suffix.lower() == ".gz"
    extension = Path(path.stem).suffix.lower() if is_gzip else path.suffix.lower()
    form = EXTENSIONS.get(extension)
    if form is None or (is_gzip and form == "parquet"):
        raise UsageError(
            f"--output {path}: '{''.join(path.suffixes[-2:]) or path.name}' is no format to write. Known are "
            f"{', '.join(EXTENSIONS)}; the text formats each also with .gz."
        )
    if path.is_dir():
        raise UsageError(f"--output {path}: is a folder. Name a file in it.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--output {path}: there is no folder '{path.parent}'. Create it first.")
    if path.exists() and path.samefile(source):
        raise UsageError(f"--output {path}: is the input itself, which is never overwritten. Name another file.")
    if path.exists() and not force:
        raise UsageError(f"--output {path}: is there already. Name another file, or replace it with --force.")
    return form, is_gzip


@contextmanager
def writing(path: Path, form: Format, is_gzip: bool, layout: Layout, types: dict[str, pa.DataType]) -> Iterator[Writer]:
    """Write a file under a temporary name beside its own; it takes its name at the end, or vanishes with an error.

    CSV keeps the delimiter of a CSV input (`.tsv` has tabs; otherwise commas). It is UTF-8, with a byte order mark
    when the input was CSV in another encoding, or had one: such files come from spreadsheets and go back there. Raises
    MarktechoError when the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with temporary.open("xb") as file, ExitStack() as stack:
            target: IO[bytes] = file
            if is_gzip:
                target = cast(IO[bytes], stack.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0)))
            if form == "csv":
                yield stack.enter_context(csv_writer(target, types, *_csv_form(path, layout)))
            elif form == "jsonl":
                yield stack.enter_context(json_writer(target))
            else:
                yield stack.enter_context(parquet_writer(target, types))
            stack.close()
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~users_umask())
        os.replace(temporary, path)  # noqa: PTH105 - named as what it is, atomic
    except OSError as error:
        raise MarktechoError(f"--output {path}: cannot be written: {error}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def _csv_form(path: Path, layout: Layout) -> tuple[str, str]:
    is_tabs = ".tsv" in [suffix.lower() for suffix in path.suffixes[-2:]]
    if layout.format != "csv":
        return "\t" if is_tabs else ",", "utf-8"
    delimiter = layout.delimiter if layout.delimiter in DELIMITERS else ","
    return "\t" if is_tabs else delimiter, "utf-8" if layout.encoding == "utf-8" else "utf-8-sig"
