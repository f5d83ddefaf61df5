import { constants, setPriority } from 'node:os';

// Code that is emulated keeps both cores busy, and asserts no time: others go first. What is started from here inherits it.
setPriority(constants.priority.PRIORITY_LOW);
