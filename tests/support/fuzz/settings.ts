/** Which requests are made, and how many of each operation. A failed run says its seed, and is repeated with it. */
export const FUZZ = {
  seed: Number(process.env['SWITCHYARD_FUZZ_SEED'] ?? Date.now() % 2 ** 31),
  numRuns: Number(process.env['SWITCHYARD_FUZZ_RUNS'] ?? 40),
}
