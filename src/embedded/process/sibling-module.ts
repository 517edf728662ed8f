import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Path of a module beside the calling one, for a process of its own. It has the caller's extension: `.ts` in a clone,
 * `.js` in the published package. The compiler rewrites imports, and not such paths.
 * @param name without its extension
 * @param callerUrl the caller's `import.meta.url`
 */
export function siblingModule(name: string, callerUrl: string): string {
  return fileURLToPath(new URL(`./${name}${path.extname(callerUrl)}`, callerUrl));
}
