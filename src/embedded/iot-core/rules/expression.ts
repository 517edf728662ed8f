import type { RuleFunction } from './sql-functions.ts';

import type { ArithmeticOperator, ComparisonOperator } from './sql-operators.ts';

/** What a rule computes from one message. */
export type Expression =
  | { readonly kind: 'path'; readonly path: readonly string[] }
  /** `*` as an argument: the payload's bytes. */
  | { readonly kind: 'payload' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'call'; readonly function: RuleFunction; readonly arguments: readonly Expression[] }
  | {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'comparison';
      readonly operator: ComparisonOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not' | 'negate'; readonly operand: Expression };
