"""ModelAdminService: moves labels and changes which models are served."""
