import { parentPort, workerData } from 'node:worker_threads';
import { GraphBuilder, mul, relu, tensorOf } from '@datafree/core';
import { ort } from '../ort.ts';

/** Runs `y = relu(x · factor)` some times in a worker thread and posts the last result. */
const { library, factor, runs } = workerData as { library: string; factor: number; runs: number };
const b = new GraphBuilder({ name: 'in a worker' });
b.output(relu(b, mul(b, b.input('x', 'float32', [3]), b.scalar(factor))), 'y');
const session = await ort({ threads: 1, lib: () => import(library) }).compile(b.build());
let result: unknown;
for (let i = 0; i < runs; i++) result = (await session.run({ x: tensorOf('float32', [3], [-1, 2, i]) })).y?.data;
await session.dispose();
parentPort?.postMessage(result);
