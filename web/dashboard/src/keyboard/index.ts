export { type Command, useCommands } from './commands';
export { isWriting, keyName, type Shortcut, useShortcuts } from './shortcuts';
