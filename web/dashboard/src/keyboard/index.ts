export { isWriting, type Shortcut, useShortcuts } from './shortcuts';
