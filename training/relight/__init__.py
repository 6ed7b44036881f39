"""Relight: a sun-aligned TensoRF scene, from rendered or captured images to a scene file a browser relights."""
