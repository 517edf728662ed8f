import { stripTypeScriptTypes } from 'node:module';

/** Jest's transform: types become blanks, as where Node runs the clone, so that lines and columns need no source map. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
};
