/** What a person may be allowed to do in the back office, in the order in which it is shown. */
export const permissions = [
  'cases:read',
  'cases:personal',
  'cases:write',
  'cases:collect',
  'cases:decide',
  'cases:approve',
  'cases:operate',
  'cases:repair',
  'cases:migrate',
  'documents:read',
  'workflows:read',
  'views:write',
  'statistics:read',
  'users:read',
  'flow_tokens:create',
  'policies:evaluate',
  'policies:backtest',
  'policies:try',
  'decisions:read',
  'decisions:input',
  'lists:read',
  'lists:entries',
  'lists:write',
  'definitions:read',
  'definitions:publish',
  'definitions:approve',
  'settings:write',
  'screenings:create',
  'watchlists:read',
  'watchlists:write',
  'webhooks:read',
  'webhooks:write',
  'keys:read',
  'keys:write',
] as const;

/** One row of the table: a permission, and whether the person has it. */
export interface Row {
  permission: string;
  granted: boolean;
}

/** The known permissions, and any others that the API reports as held. Those that everybody has are left out. */
export function rowsOf(granted: readonly string[]): Row[] {
  const known: readonly string[] = permissions;
  const others = granted.filter((one) => !known.includes(one) && one !== 'self:read');
  return [...known, ...others].map((permission) => ({ permission, granted: granted.includes(permission) }));
}
