// The floor: a worker that sends back what it gets, and nothing else.
onmessage = ({ data }) => postMessage(data)
