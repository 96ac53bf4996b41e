"""The widget: the contract with the front end, the server that answers it, and the traits."""
