// What `module.js` has, which the tool writes about the job module.

export const jobModule: { name: string; version: string; protocol: string; initialPages: number; maximumPages: number }
export const offmainBuild: string
