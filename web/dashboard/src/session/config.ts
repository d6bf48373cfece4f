/** What the server reports about itself at /config.json. */
export interface AppConfig {
  issuer: string;
  client_id: string;
  demo: boolean;
  version: string;
  /** How signing out works: by the standard, or as Cognito wants it. */
  logout: 'oidc' | 'cognito';
  /** Cognito's hosted pages: where signing out goes. */
  logout_uri?: string;
}

let config: Promise<AppConfig> | undefined;

export function loadConfig(): Promise<AppConfig> {
  config ??= fetch('/config.json').then(async (response) => {
    if (!response.ok) throw new Error(`config.json: ${response.status}`);
    return (await response.json()) as AppConfig;
  });
  config.catch(() => {
    config = undefined; // the next call tries again
  });
  return config;
}
