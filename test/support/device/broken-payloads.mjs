// Payload functions with errors in them, for tests of what users are given to read.

export function throwsAtOnce({ missing }) {
  return missing.length;
}

export function throwsLater({ n }) {
  if (n === 3) throw new RangeError('no fourth message');
  return { n };
}

export const notAFunction = 5;
