// scripts/post_build.mjs makes the module of what npm has; its types are there as well.

export { default } from 'uplot';
