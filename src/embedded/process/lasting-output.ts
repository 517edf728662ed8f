/**
 * Lets a process go on when its output cannot be written. Embedded AWS writes to a file: on a full disk each `console.error`
 * would end the process with the very error it describes.
 */
export function surviveLostOutput(streams = [process.stdout, process.stderr]): void {
  for (const stream of streams) stream.on('error', () => undefined);
}
