// A plain worker that instantiates a job module, then echoes.
onmessage = async ({ data: { folder, module, memory } }) => {
  const { default: init } = await import(`${folder}jobs.js`)
  await init({ module_or_path: module, memory, thread_stack_size: 2 << 20 })
  onmessage = ({ data }) => postMessage(data)
  postMessage('ready')
}
