"""The demo: scripted public posts on local servers, heard by the real pipeline."""
