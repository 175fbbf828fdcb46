console.log('The quickstart is not written yet.');
