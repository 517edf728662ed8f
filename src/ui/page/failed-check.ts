/**
 * Why a profile could not be checked, in a sentence.
 * @param status of the HTTP answer; undefined: none came
 */
export function describeFailedCheck(status: number | undefined): string {
  if (status === undefined) return 'stampede does not answer; it may have ended.';
  if (status === 413)
    return 'This profile is too long: at most 512 KiB are read. Shorten its payload, or let sizeBytes fill it.';
  return `The profile could not be checked: stampede answered with status ${status}.`;
}
