/**
 * Text for a terminal, with what came from files and services in it made harmless: a report or a profile that another user
 * made may hold escape sequences that move the cursor, set the title or type input in the user's name, and controls that turn
 * the direction of text around. Each is shown as `\u001b`, which is the same character in JSON. Line ends, tabs and the
 * styles that the CLI itself uses stay.
 */
export function printable(text: string): string {
  return text.replace(ownStyleOrControl, (found) =>
    found.length > 1 ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The styles of `style.ts`, as util.styleText writes them; or C0 and C1 controls, line separators, and bidi controls. */
const ownStyleOrControl =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  /\u001b\[(?:[012]|22|3[1236]|39)m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** All text to the terminal passes here, except the moving part of a progress display. */
export function print(stream: NodeJS.WritableStream, text: string): void {
  stream.write(printable(text));
}
