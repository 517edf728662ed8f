import path from 'node:path';
import { embeddedAccountOf } from '../cli/options/quota-flags.ts';
import { renderPlanBrief } from '../cli/output/plan-text.ts';
import { draftRun, type RunDraft, readHostFacts, refusalsOf } from '../cli/run/draft-run.ts';
import { encodingSettingsIn } from '../profile/encoding.ts';
import { withoutEnforcement } from '../profile/overrides.ts';
import type { InputError } from '../shared/errors.ts';
import { InvalidInputError } from '../shared/errors.ts';
import { readJsonText } from '../shared/json-text.ts';
import { parseProfile } from '../targets/parse-profile.ts';
import type { CheckOnPage } from './page/messages.ts';

/** A profile as it stands in the page's form, and what becomes of it. */
export interface CheckedProfile {
  readonly answer: CheckOnPage;
  /** In the user's form, and what it would be; absent where there are errors. */
  readonly input?: unknown;
  readonly draft?: RunDraft;
}

/** The same schema, plan and limits as on the command line: what passes here, runs. */
export function checkProfile(text: string, force = false): CheckedProfile {
  try {
    const { value, errors } = readJsonText(text, 'JSON');
    const input = force ? withoutEnforcement(value) : value;
    const modules = checkModulePaths(input);
    if (modules.length > 0) return refused(modules);
    const draft = draftRun(parseProfile(input, [], errors), {
      account: embeddedAccountOf(),
      host: readHostFacts(),
    });
    if (draft.errors.length + draft.walls.length > 0) return refused([...draft.errors, ...draft.walls]);
    const brief = renderPlanBrief(draft.plan, draft.preflight, [], draft.host).map(toPair);
    const refusals = draft.plan.profile.limits.enforce ? refusalsOf(draft) : [];
    return { answer: { problems: [], refusals, brief }, input, draft };
  } catch (error) {
    if (error instanceof InvalidInputError) return refused(error.errors);
    throw error;
  }
}

/** A profile in the form is from no file, where a relative path would begin. */
function checkModulePaths(input: unknown): InputError[] {
  return encodingSettingsIn(input, 'module').flatMap(({ path: at, settings: { file } }) =>
    typeof file !== 'string' || path.isAbsolute(file)
      ? []
      : [
          {
            path: `${at}.file`,
            message: 'is relative to the file of a profile, and this profile is from none',
            hint: 'give the absolute path, or run the file from the command line with --ui',
          },
        ],
  );
}

/** The terminal's lines begin with one word each. */
function toPair(line: string): [what: string, text: string] {
  const [, what = '', text = ''] = /^\s*(\S+)\s+(.*)$/.exec(line) ?? [];
  return [what, text];
}

function refused(problems: readonly InputError[]): CheckedProfile {
  return { answer: { problems, refusals: [], brief: [] } };
}
