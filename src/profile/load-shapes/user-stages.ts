/** Users move in a straight line to `targetUsers` over the stage. */
export interface UserStage {
  readonly durationMs: number;
  readonly targetUsers: number;
}

/**
 * The stages that users go through where no more than `spawnPerSecond` of them begin or end a second: they follow the line that is
 * asked for, and catch up with it at that rate. A stage in which they catch up becomes two.
 *
 * Off the line by g users, they move at ±s towards it and meet it after g ÷ (±s − the line's slope). On it they stay, unless it is
 * steeper than s.
 */
export function spawnStages(
  startUsers: number,
  stages: readonly UserStage[],
  spawnPerSecond = Number.POSITIVE_INFINITY,
): UserStage[] {
  if (spawnPerSecond === Number.POSITIVE_INFINITY) return [...stages];
  const perMs = spawnPerSecond / 1_000;
  const resolved: UserStage[] = [];
  let users = startUsers;
  let wanted = startUsers;

  const move = (durationMs: number, targetUsers: number): void => {
    users = rounded(targetUsers);
    if (durationMs > 0) resolved.push({ durationMs, targetUsers: users });
  };

  const follow = (durationMs: number, targetUsers: number): void => {
    const slope = (targetUsers - wanted) / durationMs;
    const gap = rounded(wanted - users);
    if (gap === 0 && Math.abs(slope) <= perMs) {
      move(durationMs, targetUsers);
      return;
    }
    const direction = Math.sign(gap === 0 ? slope : gap);
    const meetsMs = gap === 0 ? Number.POSITIVE_INFINITY : Math.round(gap / (direction * perMs - slope));
    if (meetsMs < 0 || !(meetsMs < durationMs)) {
      move(durationMs, users + direction * perMs * durationMs);
      return;
    }
    wanted += slope * meetsMs;
    move(meetsMs, wanted);
    follow(durationMs - meetsMs, targetUsers);
  };

  for (const { durationMs, targetUsers } of stages) {
    // A jump lasts no time: users begin to follow it in the next stage.
    if (durationMs > 0) follow(durationMs, targetUsers);
    wanted = targetUsers;
  }
  return resolved;
}

/** To a millionth of a user, so that sums of slopes are the whole numbers that they stand for. */
function rounded(users: number): number {
  return Math.round(users * 1e6) / 1e6;
}
