import { add, exp, type GraphBuilder, logSoftmax, mul, reduceMean, reduceSum, sub, type Value } from '@datafree/core';

/**
 * Kullback–Leibler divergence of the student's classes from the teacher's, `T² · KL(softmax(t/T) ‖ softmax(s/T))`,
 * averaged over samples (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network").
 *
 * @param student, teacher logits [N, classes]
 * @param temperature T, above 0
 * @returns a scalar from 0 on, in nats where T is 1
 * @throws `shape-mismatch` when shapes do not fit
 */
export function logitDivergence(b: GraphBuilder, student: Value, teacher: Value, temperature: number): Value {
  const classes = (logits: Value) => logSoftmax(b, temperature === 1 ? logits : mul(b, logits, 1 / temperature), 1);
  const [own, wanted] = [classes(student), classes(teacher)];
  const each = reduceSum(b, mul(b, exp(b, wanted), sub(b, wanted, own)), [1]);
  return mul(b, reduceMean(b, each, [0]), temperature ** 2);
}

/**
 * Mean squared difference over the mean square of the teacher's: for outputs that are not classes.
 *
 * @param student, teacher of one shape, whatever it is
 * @returns a scalar from 0 on; 1 for a student of zeros
 * @throws `shape-mismatch` when shapes do not fit
 */
export function relativeError(b: GraphBuilder, student: Value, teacher: Value): Value {
  const difference = sub(b, student, teacher);
  const axes = teacher.shape.map((_, axis) => axis);
  const size = add(b, reduceMean(b, mul(b, teacher, teacher), axes), 1e-12);
  return b.op('Div', [reduceMean(b, mul(b, difference, difference), axes), size]);
}
