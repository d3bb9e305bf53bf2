"""The methods that eXSpy's signal classes receive: signals in, signals out."""
