/** As Step Functions names executions; it names files of the run store too, and none of these leads out of its folder. */
export const runIdPattern = /^[A-Za-z0-9_-]{1,80}$/;

/**
 * The run id is the Step Functions execution name: at most 80 characters of [A-Za-z0-9-_]. It sorts by profile, then
 * by time, and four hex digits keep two runs of one second apart.
 *
 * @param random a number in [0, 1), as from `Math.random()`
 */
export function makeRunId(name: string, now: Date, random: number): string {
  const time = now
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d+Z$/, 'Z');
  const suffix = Math.floor(random * 0x10000)
    .toString(16)
    .padStart(4, '0');
  const stem = name.replace(/[^A-Za-z0-9_]+/g, '-').slice(0, maxNameLength);
  return `${stem}-${time}-${suffix}`;
}

/** Of the 80 characters, `-yyyymmddThhmmssZ-ffff` takes 22. A client id (128 bytes) leaves room for more than that. */
const maxNameLength = 58;
