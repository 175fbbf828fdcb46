import pc from 'picocolors';

const wanted = process.env.NO_COLOR === undefined || process.env.NO_COLOR === '';

/** Colours for a terminal; plain text where output goes into a file, a pipe or a log. */
export const onStdout = pc.createColors(wanted && process.stdout.isTTY === true);
export const onStderr = pc.createColors(wanted && process.stderr.isTTY === true);
