/** Levels of objects and lists that a service takes: far more than any client sends, few enough for JSON.stringify. */
export const maxJsonDepth = 1_000;

const [quote, backslash, openList, closeList, openObject, closeObject] = Buffer.from('"\\[]{}');

/**
 * JSON.parse reads what is nested deeper than JSON.stringify, and most other code, can follow. Scans without recursion,
 * and says nothing of whether the text is JSON.
 */
export function isNestedTooDeep(json: Buffer | string): boolean {
  const bytes = typeof json === 'string' ? Buffer.from(json) : json;
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isInText) {
      if (byte === backslash) at++;
      else if (byte === quote) isInText = false;
    } else if (byte === quote) isInText = true;
    else if (byte === closeList || byte === closeObject) depth--;
    else if ((byte === openList || byte === openObject) && ++depth > maxJsonDepth) return true;
  }
  return false;
}
