"""One process of a benchmark, measured: `python sitegen_bench.py JOB.json RESULT.json`.

Standard library only, with its neighbours `sitegen_*.py` in the same folder. It is started once
for each process of a benchmark, one after another, in the working folder, with the environment of
a kernel; each call adds its process to the file RESULT. It starts processes of its own, one for
each point of a sweep, and waits for them. Times are seconds, sizes bytes.

JOB is an object:
  page        blocks compile as `<page>/block-N.py`, N = index + 1, as in kernels
  blocks      [{"index": 0, "code": "…", "error": false}, …]: what runs before, in order, and last
              the benchmark. `index` counts the unit's evaluated blocks from 0, and frames, graph
              breaks and recompiles name it; `code` is as it enters the key; `error` as the block's
              option says: a failure that is meant is passed over
  sweep       [["n", [256, 1024]], …]; [] for none
  wait        "sample" or "call"
  max_time    seconds a variant, a point and a process
  process     this process's number, from 0
  seed        an integer for the whole benchmark; each process and point derives its own
  torch_device  torch's default device for the code before and `setup`, or null
  site, work, passed_over  as in the settings of `launch.py`: which opened files are noted;
              may be left out

RESULT is an object, read first if it is there, and replaced in one step at the end:
  benchmark   as `sitegen.benchmarks.Benchmark`, of all processes so far; `attempts` is left to the
              one who starts. Read it with `msgspec.convert(…, Benchmark)`
  failure     only if the author's code failed: {"name", "value", "frames", "names"}, frames as
              `sitegen_probe.describe_frames` gives them, outermost first, `names` the classes of
              the exception; then nothing of this process was added to `benchmark`. A variant that
              ran out of memory is no failure: its series says so in its own field `failure`
  opened      [{"base", "path"}, …] as in a kernel's record
  prelude     seconds that each block before the benchmark took, by process the largest
  started     UTC of the first process, RFC 3339; `seconds`: of all of them together

Exit status 0: RESULT was written, with or without a failure. Anything else is a defect of the
runner or its end by a signal, and RESULT is as before. Stdout and stderr of the author's code go
nowhere; what the runner itself prints is progress for people.
"""
